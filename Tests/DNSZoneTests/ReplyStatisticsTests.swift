// What is counted of replies.

import DNSWire
import TestSupport
import Testing

@testable import DNSZone

@Suite("Statistics of replies")
struct ReplyStatisticsTests {
  @Test("each reply counts by transport, type and code, once")
  func kinds() throws {
    let statistics = ReplyStatistics()
    let tallies = [statistics.makeTally(), statistics.makeTally()]
    for tally in tallies { tally.count(.a, .noError, length: 100, isUDP: true) }
    tallies[0].count(.srv, .nameError, length: 100, isUDP: false)
    tallies[0].count(RecordType(rawValue: 65_535), .badCookie, length: 100, isUDP: true)
    tallies[0].count(RecordType(rawValue: 99), ResponseCode(rawValue: 8), length: 1, isUDP: true)
    let expected: [ReplyCounts.Kind: Int] = [
      .init(isUDP: true, type: "A", code: "NOERROR"): 2,
      .init(isUDP: false, type: "SRV", code: "NXDOMAIN"): 1,
      .init(isUDP: true, type: "other", code: "BADCOOKIE"): 1,
      .init(isUDP: true, type: "other", code: "other"): 1,
    ]
    #expect(statistics.counts.byKind == expected)
  }

  @Test(
    "a size is in the class whose bound it does not pass",
    arguments: [
      (12, 0), (64, 0), (65, 1), (128, 1), (129, 2), (1_232, 5), (65_535, 10), (65_537, 11),
    ])
  func sizes(_ length: Int, _ place: Int) {
    let statistics = ReplyStatistics()
    statistics.makeTally().count(.a, .noError, length: length, isUDP: false)
    let sizes = statistics.counts.tcpSizes
    var expected = Histogram(bounds: sizes.bounds)
    expected.add(Double(length))
    #expect(sizes == expected && sizes.counts[place] == 1)
    #expect(statistics.counts.udpSizes.counts.allSatisfy { $0 == 0 })
  }

  @Test(
    "a duration is in the class whose bound it does not pass",
    arguments: [
      0, 1_000, 4_000, 4_001, 16_000, 16_001, 1_000_000, 4_194_304_000, 4_194_304_001,
      90_000_000_000,
    ])
  func durations(_ nanoseconds: Int64) {
    let statistics = ReplyStatistics()
    statistics.makeTally().countBatch(nanoseconds: nanoseconds, count: 3)
    let durations = statistics.counts.durations
    var expected = Histogram(bounds: durations.bounds)
    expected.add(Double(nanoseconds) / 1e9, count: 3)
    #expect(durations.counts == expected.counts)
    #expect(abs(durations.sum - expected.sum) < 1e-6)
  }
}
