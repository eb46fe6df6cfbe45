// An instance's own name: what it answers, and how it comes and goes among other names.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Names of instances")
struct InstanceNameTests {
  let served = ZoneUnderTest("mesh.", RotationTests.head + "alias CNAME api")
  private var zone: Zone { served.zone }

  private func firsts(_ name: String, _ type: RecordType, _ count: Int) throws -> [String] {
    try (0..<count).map { _ in try served.ask(name, type).answer.values[0] }
  }

  @Test("it has its addresses, its port and its text, and is NODATA for all else")
  func types() throws {
    var instance = ServedInstance("i.api.mesh.", ["10.0.0.1", "fd00::1"], port: 53, weight: 7)
    instance.priority = 3
    instance.text = "version=1"
    zone.publish(
      [instance, ServedInstance("j.api.mesh.", ["fd00::2"], port: nil)], at: "api.mesh.")
    let name = "i.api.mesh."
    #expect(try served.ask(name, .a).answer == "i.api.mesh. 5 IN A 10.0.0.1")
    #expect(try served.ask(name, .aaaa).answer == "i.api.mesh. 5 IN AAAA fd00::1")
    #expect(try served.ask(name, .txt).answer == "i.api.mesh. 5 IN TXT \"version=1\"")
    let srv = try served.ask(name, .srv)
    #expect(srv.answer == "i.api.mesh. 5 IN SRV 3 7 53 i.api.mesh.")
    #expect(srv.additional == "i.api.mesh. 5 IN A 10.0.0.1\ni.api.mesh. 5 IN AAAA fd00::1")
    for (name, type) in [
      (name, RecordType.mx), (name, .cname), (name, .ns), (name, .soa), (name, .ds),
      ("j.api.mesh.", .a), ("j.api.mesh.", .srv),
    ] {
      let reply = try served.ask(name, type)
      #expect(reply.code == .noError && reply.answer.isEmpty && reply.isAuthoritative)
      #expect(reply.authority == LeaseEndTests.soa)
    }
    #expect(try served.ask("j.api.mesh.", .any).answer.count == 1)
  }

  @Test("it turns its own IPv4 and IPv6 addresses, each family on its own and not its service's")
  func ownTurns() throws {
    let v4 = ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    let v6 = ["fd00::1", "fd00::2"]
    zone.publish([ServedInstance("i.api.mesh.", [v6[0]] + v4 + [v6[1]])], at: "api.mesh.")
    for turn in 0..<12 {
      #expect(try firsts("i.api.mesh.", .a, 1) == [v4[turn % 3]])
      if turn % 3 == 0 { #expect(try firsts("i.api.mesh.", .aaaa, 1) == [v6[turn / 3 % 2]]) }
      if turn % 4 == 0 { #expect(try firsts("api.mesh.", .a, 1) == [v4[turn / 4 % 3]]) }
      let additional = try served.ask("api.mesh.", .srv).additional
      #expect(additional.values == v4 + v6)
    }
    let whole = try served.ask("i.api.mesh.", .a, over: .tcp).answer
    #expect(whole.values == v4)
  }

  @Test(
    "turns go on where they were when an instance is replaced: its service's and its own",
    arguments: ["api.mesh.", "i.api.mesh."])
  func keptTurns(name: String) throws {
    let addresses = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1", "fd00::2"]
    var instance = ServedInstance("i.api.mesh.", addresses)
    var blocks = zone.publish([instance], at: "api.mesh.")
    for turn in 0..<12 {
      #expect(try firsts(name, .a, 1) == [addresses[turn % 3]])
      #expect(try firsts(name, .aaaa, 1) == [addresses[3 + turn % 2]])
      instance.text = "\(turn)"
      blocks = zone.publish([instance], at: "api.mesh.", insteadOf: blocks)
      served.domain.collect()
    }
  }

  @Test("its capitals are kept in SRV targets, and found whatever the query's case")
  func capitals() throws {
    let wire = ZoneUnderTest.name("Web-1.API.mesh.").wire
    zone.publish(
      [
        ServedInstance("Web-1.API.mesh.", ["10.0.0.1", "10.0.0.2", "fd00::1"]),
        ServedInstance("web-2.api.mesh.", ["10.0.0.3"]),
      ], at: "Api.mesh.")
    for name in ["api.mesh.", "API.MESH.", "alias.mesh."] {
      let reply = try served.ask(name, .srv)
      let targets = reply.answer.records.filter { $0.type == .srv }.map { Array($0.rdata[6...]) }
      #expect(Set(targets) == [wire, ZoneUnderTest.name("web-2.api.mesh.").wire])
      #expect(Set(reply.additional.records.map(\.owner.wire)) == Set(targets))
    }
    for name in ["web-1.api.mesh.", "WEB-1.api.MESH.", "Web-1.API.mesh."] {
      for (type, count) in [(RecordType.a, 2), (.aaaa, 1), (.srv, 1), (.txt, 1)] {
        let reply = try served.ask(name, type)
        #expect(reply.question?.name.wire == ZoneUnderTest.name(name).wire)
        #expect(reply.answer.count == count)
        // The owner is the question's name, octet by octet.
        #expect(reply.answer.records.allSatisfy { $0.owner.wire == reply.question?.name.wire })
      }
      #expect(Array(try served.ask(name, .srv).answer.records[0].rdata[6...]) == wire)
    }
  }

  @Test(
    "the owners of addresses are two octets that point to the target",
    arguments: [("api.mesh.", 0), ("alias.mesh.", 1), ("i0.api.mesh.", 0)])
  func compression(name: String, aliases: Int) throws {
    zone.publish(
      (0..<3).map { ServedInstance("I\($0).api.mesh.", ["10.0.0.\($0)", "fd00::\($0)"]) },
      at: "api.mesh.")
    let reply = try served.ask(name, .srv)
    let instances = reply.answer.count - aliases
    #expect(reply.additional.count == 2 * instances)
    let addressLength = 12 + 4 + 12 + 16
    let opt = 11
    #expect(reply.length == reply.answerEnds.last! + instances * addressLength + opt)
    for record in reply.additional.records {
      let isTarget = reply.answer.records.contains {
        Array($0.rdata.dropFirst(6)) == record.owner.wire
      }
      #expect(isTarget)
    }
  }
}
