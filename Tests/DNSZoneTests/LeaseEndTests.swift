// When a lease has ended, answers know it by themselves: nothing is published here after the start.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Leases that end")
struct LeaseEndTests {
  static let second: BootTime = 1_000_000_000
  static let end: BootTime = 100 * second
  static let soa: RecordSection =
    "mesh. 60 IN SOA ns.mesh. hostmaster.mesh. 1 7200 900 1209600 60"

  let served = ZoneUnderTest(
    "mesh.", RotationTests.head + "alias 300 CNAME web\nhostalias 300 CNAME i2.web\n*.w CNAME web")
  let blocks: [InstanceBlock]

  /// The lease of `i2` ends first, then that of `i3`, and last that of `i1`.
  init() {
    let ends = [Self.end + 9 * Self.second, Self.end, Self.end + 4 * Self.second]
    blocks = served.zone.publish(
      (1...3).map {
        ServedInstance(
          "i\($0).web.mesh.", ["10.0.0.\($0)", "fd00::\($0)"], leaseEnd: ends[$0 - 1])
      }, at: "web.mesh.", ttl: 0)
  }

  /// The replies at `time` hold exactly these of the three instances, on every way to them.
  private func expectLive(_ live: [Int], at time: BootTime, _ comment: Comment) throws {
    let addresses = Set(live.map { "10.0.0.\($0)" })
    let v6 = Set(live.map { "fd00::\($0)" })
    let targets = Set(live.map { "0 1 8080 i\($0).web.mesh." })
    for (name, aliases) in [("web.mesh.", 0), ("alias.mesh.", 1), ("x.w.mesh.", 1)] {
      for transport in Transport.all {
        for (type, values) in [(RecordType.a, addresses), (.aaaa, v6), (.srv, targets)] {
          let reply = try served.ask(name, type, over: transport, at: time)
          let answered = reply.answer.records.filter { $0.type == type }.map(\.rdataText)
          #expect(Set(answered) == values, comment)
          #expect(answered.count == live.count, comment)
          #expect(reply.answer.count == live.count + aliases, comment)
          let isComplete = type == .srv && !reply.isTruncated
          #expect(
            Set(reply.additional.values) == (isComplete ? addresses.union(v6) : []), comment)
          #expect(reply.authority == (live.isEmpty ? Self.soa : ""), comment)
          #expect(reply.code == .noError && reply.isAuthoritative, comment)
        }
      }
    }
    try expectOwnNames(live, at: time, comment)
  }

  private func expectOwnNames(_ live: [Int], at time: BootTime, _ comment: Comment) throws {
    for number in 1...3 {
      let isLive = live.contains(number)
      for type in [RecordType.a, .aaaa, .srv, .txt, .any] {
        let reply = try served.ask("i\(number).web.mesh.", type, at: time)
        #expect(reply.answer.count == (isLive ? 1 : 0), comment)
        #expect(reply.additional.count == (isLive && type == .srv ? 2 : 0), comment)
        #expect(reply.authority == (isLive ? "" : Self.soa), comment)
        #expect(reply.code == .noError && reply.isAuthoritative, comment)
      }
    }
  }

  @Test("an instance is out of every answer from the nanosecond of its lease end on")
  func ends() throws {
    let end = Self.end
    try expectLive([1, 2, 3], at: end - 1, "before the first end")
    try expectLive([1, 3], at: end, "at the first end")
    try expectLive([1, 3], at: end + 4 * Self.second - 1, "before the second end")
    try expectLive([1], at: end + 4 * Self.second, "at the second end")
    try expectLive([1], at: end + 9 * Self.second - 1, "before the last end")
  }

  @Test("when all leases have ended there is no data, and the SOA says for how long")
  func allEnded() throws {
    for time in [Self.end + 9 * Self.second, 1000 * Self.second, .max] {
      try expectLive([], at: time, "all ended")
    }
    let any = try served.ask("web.mesh.", .any, at: .max)
    #expect(any.answer.isEmpty && any.authority == Self.soa && any.code == .noError)
    let host = try served.ask("hostalias.mesh.", .a, at: .max)
    #expect(host.answer == "hostalias.mesh. 300 IN CNAME i2.web.mesh.")
    #expect(host.authority == Self.soa && host.code == .noError)
    #expect(try served.ask("none.web.mesh.", .a, at: .max).code == .nameError)
  }

  @Test("it is back as soon as its lease ends later, at the same place and for as long")
  func renewal() throws {
    let time = Self.end + 9 * Self.second
    blocks[1].leaseEnd = time + 1
    try expectLive([2], at: time, "one is back")
    blocks[0].leaseEnd = time + 3 * Self.second
    blocks[2].leaseEnd = .never
    try expectLive([1, 2, 3], at: time, "all are back")
    try expectLive([1, 3], at: time + 1, "one has ended again")
    try expectLive([3], at: .never - 1, "one has no end")
  }

  @Test("ANY is answered with what is left, whichever type that is")
  func any() throws {
    served.zone.publish(
      [
        ServedInstance("v4.mixed.mesh.", ["10.0.0.4"], port: nil, leaseEnd: Self.end),
        ServedInstance("v6.mixed.mesh.", ["fd00::4"], port: nil),
      ], at: "mixed.mesh.")
    #expect(try served.ask("mixed.mesh.", .any, at: 0).answer.count == 1)
    let reply = try served.ask("mixed.mesh.", .any, at: Self.end)
    #expect(reply.answer == "mixed.mesh. 5 IN AAAA fd00::4")
    #expect(reply.authority.isEmpty)
  }

  @Test(
    "an RRset that is too large fits when some leases have ended, and takes turns then",
    arguments: ["many.mesh.", "tomany.mesh."])
  func fittingAgain(name: String) throws {
    let served = ZoneUnderTest("mesh.", RotationTests.head + "tomany CNAME many")
    // Every second one of 40 ends; 512 octets have room for fewer than 30.
    let instances = (0..<40).map {
      ServedInstance(
        "i\($0).many.mesh.", ["10.0.0.\($0)"], leaseEnd: $0 % 2 == 0 ? .never : Self.end)
    }
    served.zone.publish(instances, at: "many.mesh.")
    let cut = try served.ask(name, .a, over: .udp, at: Self.end - 1)
    for _ in 0..<3 {
      let again = try served.ask(name, .a, over: .udp, at: Self.end - 1)
      #expect(again.isTruncated && again.answer.lines == cut.answer.lines)
    }
    let live = Set((0..<20).map { "10.0.0.\($0 * 2)" })
    var firsts: [String] = []
    for turn in 0..<80 {
      let reply = try served.ask(name, .a, over: turn % 3 == 2 ? .tcp : .udp, at: Self.end)
      let values = reply.answer.records.filter { $0.type == .a }.map(\.rdataText)
      #expect(!reply.isTruncated)
      #expect(Set(values) == live && values.count == 20)
      firsts.append(values[0])
    }
    // In forty turns each entry has one; that of an ended one goes to the next.
    for start in [0, 13, 40] {
      let counts = Dictionary(grouping: firsts[start..<start + 40], by: { $0 }).mapValues(\.count)
      #expect(counts == Dictionary(uniqueKeysWithValues: live.map { ($0, 2) }))
    }
  }

  @Test("addresses that did not fit come along when leases have ended")
  func additionalFits() throws {
    let instances = (0..<10).map {
      ServedInstance(
        "i\($0).many.mesh.", ["10.0.0.\($0)", "fd00::\($0)"],
        leaseEnd: $0 < 4 ? .never : Self.end)
    }
    served.zone.publish(instances, at: "many.mesh.")
    let before = try served.ask("many.mesh.", .srv, over: .udp, at: 0)
    #expect(!before.isTruncated && before.answer.count == 10 && before.additional.count < 20)
    let after = try served.ask("many.mesh.", .srv, over: .udp, at: Self.end)
    #expect(after.answer.count == 4 && after.additional.count == 8)
  }
}
