// Every small zone, asked everything, against the naive one.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Every small zone (RFC 1034 section 4.3.2, RFC 4592, RFC 6672)")
struct SmallZoneTests {
  static let apex = ZoneUnderTest.name("z.")
  static let labels = ["a", "b", "*"]
  static let owners = labels + labels.flatMap { upper in labels.map { "\($0).\(upper)" } }
  static let data = [
    "A 10.0.0.1", "TXT \"t\"", "CNAME a", "CNAME c.b", "NS ns.out.", "NS a.b", "DNAME b",
    "DNAME out.",
  ]
  static let askedNames =
    (owners + ["@", "c", "c.a", "c.b", "c.*", "a.c", "a.a.a", "c.b.a", "b.*.a", "*.c.b"])
    .map { ZoneUnderTest.name($0 == "@" ? "z." : $0 + ".z.") }
  static let askedTypes: [RecordType] = [.a, .ns, .cname, .ds, .any]

  /// Owners by number, three at most, the same one never twice.
  static func ownerSets(of count: Int, from first: Int = 0) -> [[String]] {
    guard count > 0 else { return [[]] }
    return (first..<owners.count).flatMap { index in
      ownerSets(of: count - 1, from: index + 1).map { [owners[index]] + $0 }
    }
  }

  /// Asks a zone every `stride`-th of all questions, beginning with number `phase`.
  /// - Returns: what differs, as text.
  private func differences(_ lines: [String], stride step: Int, phase: Int) throws -> [String] {
    let text = "@ 9 SOA ns h 1 2 3 4 5\n@ 9 NS ns.out.\n" + lines.joined(separator: "\n")
    let served = ZoneUnderTest("z.", text)
    let naive = NaiveZone(apex: Self.apex, records: ZoneText(text, origin: Self.apex).records)
    var differences: [String] = []
    let questions = Self.askedNames.count * Self.askedTypes.count
    for number in stride(from: phase % step, to: questions, by: step) {
      let name = Self.askedNames[number % Self.askedNames.count]
      let type = Self.askedTypes[number / Self.askedNames.count]
      let reply = try served.ask(QueryMessage(name, type), isUDP: false)
      let expected = naive.reply(to: name, type)
      let isSame =
        reply.code == expected.code && reply.isAuthoritative == expected.isAuthoritative
        && Set(reply.answer.records) == expected.answer
        && Set(reply.authority.records) == expected.authority
        && Set(reply.additional.records) == expected.additional
      if !isSame {
        differences.append(
          "\(lines) \(name) \(type): \(reply.code) \(reply.isAuthoritative) \(reply.answer)"
            + "\(reply.authority)\(reply.additional)\nexpected \(expected.code) "
            + "\(expected.isAuthoritative)"
            + "\(RecordSection(Array(expected.answer)))\(RecordSection(Array(expected.authority)))"
            + "\(RecordSection(Array(expected.additional)))")
      }
    }
    return differences
  }

  @Test("zones of one name and of none agree with the naive one for every question")
  func oneName() throws {
    #expect(try differences([], stride: 1, phase: 0) == [])
    for owner in Self.owners {
      for data in Self.data {
        #expect(try differences(["\(owner) \(data)"], stride: 1, phase: 0) == [])
      }
    }
  }

  @Test("zones of two names agree with the naive one, a seventh of the questions each")
  func twoNames() throws {
    var phase = 0
    for owners in Self.ownerSets(of: 2) {
      for number in 0..<Self.data.count * Self.data.count {
        phase += 1
        let lines = [
          "\(owners[0]) \(Self.data[number % Self.data.count])",
          "\(owners[1]) \(Self.data[number / Self.data.count])",
        ]
        let found = try differences(lines, stride: 7, phase: phase)
        guard found.isEmpty else {
          Issue.record("\(found.joined(separator: "\n"))")
          return
        }
      }
    }
  }

  @Test("zones of three names agree with the naive one, samples of zones and of questions")
  func threeNames() throws {
    var random = SeededRandom(seed: 1034)
    for owners in Self.ownerSets(of: 3) {
      for _ in 0..<12 {
        let lines = owners.map { "\($0) \(Self.data.randomElement(using: &random)!)" }
        let phase = Int.random(in: 0..<11, using: &random)
        let found = try differences(lines, stride: 11, phase: phase)
        guard found.isEmpty else {
          Issue.record("\(found.joined(separator: "\n"))")
          return
        }
      }
    }
  }
}
