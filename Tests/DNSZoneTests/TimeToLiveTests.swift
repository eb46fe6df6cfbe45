// How long an answer may be kept.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Time to live and lease ends")
struct TimeToLiveTests {
  static let second: BootTime = 1_000_000_000
  static let leaseEnd: BootTime = 100 * second

  let served: ZoneUnderTest = {
    let served = ZoneUnderTest(
      "mesh.", RotationTests.head + "static 300 A 10.0.0.9\nalias 300 CNAME web\n*.w CNAME web")
    served.zone.publish(RRset("web.mesh. 5 A 10.0.0.1\nweb.mesh. 5 A 10.0.0.2", leaseEnd: leaseEnd))
    var srv = AdditionalDataTests.service([("i1.web.mesh.", ["10.0.0.1", "fd00::1"])])
    srv.owner = ZoneUnderTest.name("srv.mesh.")
    srv.leaseEnd = leaseEnd
    served.zone.publish(srv)
    return served
  }()

  @Test(
    "the TTL is the RRset's, or the whole seconds to the soonest lease end if they are fewer",
    arguments: [
      (0, 5), (94 * second, 5), (95 * second, 5), (95 * second + 1, 4), (96 * second, 4),
      (98 * second, 2), (98 * second + 1, 1), (99 * second, 1), (99 * second + 1, 0),
      (leaseEnd - 1, 0), (leaseEnd, 0), (leaseEnd + 1, 0), (200 * second, 0), (.max, 0),
    ] as [(BootTime, UInt32)])
  func leased(time: BootTime, ttl: UInt32) throws {
    for transport in Transport.all {
      let reply = try served.ask("web.mesh.", .a, over: transport, at: time)
      #expect(reply.answer.records.map(\.ttl) == [ttl, ttl])
      let srv = try served.ask("srv.mesh.", .srv, over: transport, at: time)
      #expect(srv.answer.ttls == [ttl])
      #expect(srv.additional.records.map(\.ttl) == [ttl, ttl])
    }
  }

  @Test("a cut answer and one behind an alias have the same TTL")
  func otherPaths() throws {
    let time = 97 * Self.second
    let alias = try served.ask("alias.mesh.", .a, at: time)
    #expect(alias.answer.records.map(\.ttl) == [300, 3, 3])
    #expect(try served.ask("x.w.mesh.", .a, at: time).answer.records.map(\.ttl) == [3600, 3, 3])
    let lines = (0..<40).map { "large.mesh. 5 A 10.0.0.\($0)" }.joined(separator: "\n")
    served.zone.publish(RRset(lines, leaseEnd: Self.leaseEnd))
    let cut = try served.ask("large.mesh.", .a, over: .udp, at: time)
    #expect(cut.isTruncated)
    #expect(cut.answer.ttls == [3])
  }

  @Test("the order of records does not change what TTL they have, in any turn")
  func everyTurn() throws {
    let lines = (0..<5).map { "five.mesh. 50 TXT \"\(String(repeating: "x", count: $0 * 7))\"" }
    served.zone.publish(RRset(lines.joined(separator: "\n"), leaseEnd: Self.leaseEnd))
    for _ in 0..<10 {
      let reply = try served.ask("five.mesh.", .txt, at: 90 * Self.second)
      #expect(reply.answer.records.map(\.ttl) == [10, 10, 10, 10, 10])
      #expect(reply.answer.distinctLines.count == 5)
    }
  }

  @Test("static records are not affected by any time")
  func staticRecords() throws {
    for time: BootTime in [0, Self.leaseEnd, .max] {
      #expect(try served.ask("static.mesh.", .a, at: time).answer.ttls == [300])
      #expect(try served.ask("none.mesh.", .a, at: time).authority.ttls == [60])
    }
  }

  @Test("a renewed lease counts from the next answer on, an ended one too")
  func renewal() throws {
    let time = 99 * Self.second
    let lines = "web.mesh. 5 A 10.0.0.1\nweb.mesh. 5 A 10.0.0.2"
    served.zone.publish(RRset(lines, leaseEnd: 200 * Self.second))
    #expect(try served.ask("web.mesh.", .a, at: time).answer.ttls == [5])
    served.zone.publish(RRset(lines, leaseEnd: time + 2 * Self.second))
    #expect(try served.ask("web.mesh.", .a, at: time).answer.ttls == [2])
    served.zone.publish(RRset(lines))
    #expect(try served.ask("web.mesh.", .a, at: .max).answer.ttls == [5])
  }

  @Test("a TTL of 0 stays 0, and the largest is written whole")
  func extremes() throws {
    served.zone.publish(RRset("zero.mesh. 0 A 10.0.0.1", leaseEnd: Self.leaseEnd))
    #expect(try served.ask("zero.mesh.", .a).answer.ttls == [0])
    served.zone.publish(RRset("long.mesh. 2147483647 A 10.0.0.1", leaseEnd: Self.leaseEnd))
    #expect(try served.ask("long.mesh.", .a).answer.ttls == [100])
    served.zone.publish(RRset("ever.mesh. 2147483647 A 10.0.0.1"))
    #expect(try served.ask("ever.mesh.", .a).answer.ttls == [2_147_483_647])
  }
}
