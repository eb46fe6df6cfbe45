// How long an answer may be kept.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Time to live and lease ends")
struct TimeToLiveTests {
  static let second: BootTime = 1_000_000_000
  static let leaseEnd: BootTime = 100 * second

  let served = ZoneUnderTest(
    "mesh.", RotationTests.head + "static 300 A 10.0.0.9\nalias 300 CNAME web\n*.w CNAME web")
  /// The instances of `web`.
  private let blocks: [InstanceBlock]

  /// `web` has an instance whose lease ends, and one whose lease ends a minute later.
  init() {
    blocks = served.zone.publish(
      [
        ServedInstance(
          "i1.web.mesh.", ["10.0.0.1", "fd00::1"], leaseEnd: Self.leaseEnd + 60 * Self.second),
        ServedInstance("i2.web.mesh.", ["10.0.0.2", "fd00::2"], leaseEnd: Self.leaseEnd),
      ], at: "web.mesh.")
  }

  @Test(
    "the TTL is the RRset's, or the whole seconds to the soonest lease end if they are fewer",
    arguments: [
      (0, 5), (94 * second, 5), (95 * second, 5), (95 * second + 1, 4), (96 * second, 4),
      (98 * second, 2), (98 * second + 1, 1), (99 * second, 1), (99 * second + 1, 0),
      (leaseEnd - 1, 0),
    ] as [(BootTime, UInt32)])
  func leased(time: BootTime, ttl: UInt32) throws {
    for transport in Transport.all {
      let reply = try served.ask("web.mesh.", .a, over: transport, at: time)
      #expect(reply.answer.records.map(\.ttl) == [ttl, ttl])
      let srv = try served.ask("web.mesh.", .srv, over: transport, at: time)
      #expect(srv.answer.records.map(\.ttl) == [ttl, ttl])
      #expect(srv.additional.records.map(\.ttl) == [ttl, ttl, ttl, ttl])
      for type in [RecordType.a, .aaaa, .srv, .txt] {
        let own = try served.ask("i2.web.mesh.", type, over: transport, at: time)
        #expect(own.answer.records.map(\.ttl) == [ttl])
      }
    }
  }

  @Test(
    "once the soonest lease has ended, the next one counts",
    arguments: [
      (leaseEnd, 5), (leaseEnd + 55 * second, 5), (leaseEnd + 55 * second + 1, 4),
      (leaseEnd + 60 * second - 1, 0),
    ] as [(BootTime, UInt32)])
  func nextLease(time: BootTime, ttl: UInt32) throws {
    for transport in Transport.all {
      for type in [RecordType.a, .aaaa, .srv] {
        let reply = try served.ask("web.mesh.", type, over: transport, at: time)
        #expect(reply.answer.records.map(\.ttl) == [ttl])
        #expect(reply.additional.records.map(\.ttl) == (type == .srv ? [ttl, ttl] : []))
      }
    }
  }

  @Test("a cut answer and one behind an alias have the same TTL")
  func otherPaths() throws {
    let time = 97 * Self.second
    let alias = try served.ask("alias.mesh.", .a, at: time)
    #expect(alias.answer.records.map(\.ttl) == [300, 3, 3])
    #expect(try served.ask("x.w.mesh.", .a, at: time).answer.records.map(\.ttl) == [3600, 3, 3])
    served.zone.publish(
      (0..<40).map {
        // The soonest end is that of an instance that the cut answer leaves out.
        ServedInstance(
          "i\($0).large.mesh.", ["10.0.0.\($0)"], leaseEnd: $0 < 39 ? .never : Self.leaseEnd)
      }, at: "large.mesh.")
    let cut = try served.ask("large.mesh.", .a, over: .udp, at: time)
    #expect(cut.isTruncated)
    #expect(cut.answer.ttls == [3])
  }

  @Test("the order of records does not change what TTL they have, in any turn")
  func everyTurn() throws {
    let instances = (0..<5).map { number in
      ServedInstance(
        "i\(String(repeating: "x", count: number * 7)).five.mesh.", [],
        leaseEnd: Self.leaseEnd + BootTime(number) * Self.second)
    }
    served.zone.publish(instances, at: "five.mesh.", ttl: 50)
    for _ in 0..<10 {
      let reply = try served.ask("five.mesh.", .srv, at: 90 * Self.second)
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
    for (end, ttl) in [(200 * Self.second, 5), (time + 2 * Self.second, 2)] as [(BootTime, UInt32)]
    {
      for block in blocks { block.leaseEnd = end }
      #expect(try served.ask("web.mesh.", .a, at: time).answer.records.map(\.ttl) == [ttl, ttl])
    }
    for block in blocks { block.leaseEnd = .never }
    for time in [time, .never - 1] {
      #expect(try served.ask("web.mesh.", .a, at: time).answer.records.map(\.ttl) == [5, 5])
    }
  }

  @Test("a TTL of 0 stays 0, and the largest is written whole")
  func extremes() throws {
    func publish(_ name: String, ttl: UInt32, leaseEnd: BootTime) {
      let instance = ServedInstance("i.\(name)", ["10.0.0.1"], leaseEnd: leaseEnd)
      served.zone.publish([instance], at: name, ttl: ttl)
    }
    publish("zero.mesh.", ttl: 0, leaseEnd: Self.leaseEnd)
    publish("long.mesh.", ttl: 2_147_483_647, leaseEnd: Self.leaseEnd)
    publish("ever.mesh.", ttl: 2_147_483_647, leaseEnd: .never)
    served.zone.publish(RRset("file.mesh. 2147483647 A 10.0.0.1"))
    for (name, ttl) in [
      ("zero.mesh.", 0), ("long.mesh.", 100), ("ever.mesh.", 2_147_483_647),
      ("file.mesh.", 2_147_483_647),
    ] as [(String, UInt32)] {
      #expect(try served.ask(name, .a).answer.ttls == [ttl])
      guard name != "file.mesh." else { continue }
      #expect(try served.ask("i.\(name)", .a).answer.ttls == [ttl])
      #expect(try served.ask(name, .srv).additional.ttls == [ttl])
    }
  }
}
