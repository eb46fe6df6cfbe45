// Names that come and go while the zone is served.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Changes of a served zone (RFC 8020, RFC 4592 section 2.2.2)")
struct ZoneChangeTests {
  let served = ZoneUnderTest("mesh.", RotationTests.head)
  private var zone: Zone { served.zone }

  private func publish(_ name: String, _ value: String = "10.0.0.1", ttl: Int = 5) {
    zone.publish(RRset("\(name) \(ttl) A \(value)"))
  }

  private func withdraw(_ name: String, _ type: RecordType = .a) {
    zone.withdraw(ZoneUnderTest.name(name), type)
  }

  /// NXDOMAIN, NODATA or the first value of the answer.
  private func state(_ name: String, _ type: RecordType = .a) throws -> String {
    let reply = try served.ask(name, type)
    #expect(reply.isAuthoritative)
    #expect(reply.authority.count == (reply.answer.isEmpty ? 1 : 0))
    if reply.code == .nameError { return "NXDOMAIN" }
    return reply.answer.values.first ?? "NODATA"
  }

  @Test("a published RRset is answered at once, a withdrawn one never again")
  func publishing() throws {
    #expect(try state("web.mesh.") == "NXDOMAIN")
    publish("web.mesh.")
    #expect(try state("web.mesh.") == "10.0.0.1")
    #expect(try state("web.mesh.", .aaaa) == "NODATA")
    publish("WEB.Mesh.", "10.0.0.2")
    #expect(try state("web.mesh.") == "10.0.0.2")
    zone.publish(RRset("web.mesh. 5 TXT \"x\""))
    withdraw("web.MESH.")
    #expect(try state("web.mesh.") == "NODATA")
    withdraw("web.mesh.", .txt)
    #expect(try state("web.mesh.") == "NXDOMAIN")
  }

  @Test("what is not there can be withdrawn without effect")
  func withdrawingNothing() throws {
    withdraw("web.mesh.")
    publish("a.web.mesh.")
    withdraw("web.mesh.")
    withdraw("a.web.mesh.", .aaaa)
    withdraw("b.a.web.mesh.")
    #expect(try state("web.mesh.") == "NODATA")
    #expect(try state("a.web.mesh.") == "10.0.0.1")
  }

  @Test("empty non-terminals come with what is below, and go with the last of it")
  func emptyNonTerminals() throws {
    publish("a.b.c.mesh.")
    publish("x.c.mesh.")
    for name in ["b.c.mesh.", "c.mesh."] { #expect(try state(name) == "NODATA") }
    withdraw("a.b.c.mesh.")
    for name in ["a.b.c.mesh.", "b.c.mesh."] { #expect(try state(name) == "NXDOMAIN") }
    #expect(try state("c.mesh.") == "NODATA")
    publish("c.mesh.", "10.0.0.7")
    withdraw("x.c.mesh.")
    #expect(try state("c.mesh.") == "10.0.0.7")
    withdraw("c.mesh.")
    #expect(try state("c.mesh.") == "NXDOMAIN")
    #expect(try state("mesh.", .soa) != "NXDOMAIN")
  }

  @Test("a name with data above others stays NODATA when its data goes")
  func dataAboveOthers() throws {
    publish("c.mesh.", "10.0.0.7")
    publish("x.c.mesh.")
    withdraw("c.mesh.")
    #expect(try state("c.mesh.") == "NODATA")
    withdraw("x.c.mesh.")
    #expect(try state("c.mesh.") == "NXDOMAIN")
  }

  @Test("a pinned name is NODATA without data, until its last pin goes")
  func pins() throws {
    let name = ZoneUnderTest.name("web.prod.mesh.")
    zone.pin(name)
    zone.pin(name)
    #expect(try state("web.prod.mesh.") == "NODATA")
    #expect(try state("prod.mesh.") == "NODATA")
    publish("web.prod.mesh.")
    withdraw("web.prod.mesh.")
    #expect(try state("web.prod.mesh.") == "NODATA")
    zone.unpin(name)
    #expect(try state("web.prod.mesh.") == "NODATA")
    publish("web.prod.mesh.")
    zone.unpin(name)
    #expect(try state("web.prod.mesh.") == "10.0.0.1")
    withdraw("web.prod.mesh.")
    #expect(try state("web.prod.mesh.") == "NXDOMAIN")
    #expect(try state("prod.mesh.") == "NXDOMAIN")
  }

  @Test("a name to be unpinned that is not there is left alone")
  func unpinningNothing() throws {
    zone.unpin(ZoneUnderTest.name("none.mesh."))
    #expect(try state("none.mesh.") == "NXDOMAIN")
  }

  @Test("the apex stays, whatever goes")
  func apex() throws {
    publish("mesh.", "10.0.0.8")
    publish("x.mesh.")
    withdraw("x.mesh.")
    withdraw("mesh.")
    #expect(try state("mesh.") == "NODATA")
    #expect(try state("mesh.", .ns) == "ns.elsewhere.")
  }

  @Test("a wildcard answers for a name only as long as the name does not exist")
  func wildcard() throws {
    let served = ZoneUnderTest("mesh.", RotationTests.head + "* A 10.9.9.9")
    let zone = served.zone
    func value(_ name: String) throws -> [String] { try served.ask(name, .a).answer.values }
    #expect(try value("x.web.mesh.") == ["10.9.9.9"])
    zone.publish(RRset("x.web.mesh. 5 A 10.0.0.1"))
    #expect(try value("x.web.mesh.") == ["10.0.0.1"])
    #expect(try value("web.mesh.") == [])
    #expect(try value("y.web.mesh.") == [])
    #expect(try served.ask("y.web.mesh.", .a).code == .nameError)
    zone.withdraw(ZoneUnderTest.name("x.web.mesh."), .a)
    #expect(try value("web.mesh.") == ["10.9.9.9"])
    zone.publish(RRset("*.web.mesh. 5 A 10.0.0.2"))
    #expect(try value("y.web.mesh.") == ["10.0.0.2"])
    zone.withdraw(ZoneUnderTest.name("*.web.mesh."), .a)
    #expect(try value("y.web.mesh.") == ["10.9.9.9"])
  }

  @Test("the SOA can be replaced, and the next negative answer has the new one")
  func serial() throws {
    zone.publish(
      RRset("mesh. 3600 SOA ns.mesh. hostmaster.mesh. 2 7200 900 1209600 60"))
    #expect(try state("mesh.", .soa) == "ns.mesh. hostmaster.mesh. 2 7200 900 1209600 60")
    #expect(
      try served.ask("none.mesh.", .a).authority.values
        == ["ns.mesh. hostmaster.mesh. 2 7200 900 1209600 60"])
  }

  @Test("static owners leave no room for themselves, nor cuts and DNAMEs below them")
  func staticOwners() {
    let served = ZoneUnderTest(
      "mesh.",
      RotationTests.head + "host A 10.0.0.1\ncut NS ns.elsewhere.\nold DNAME new\nx.y A 10.0.0.1")
    func owner(_ name: String) -> String? {
      served.zone.staticNames.owner(claiming: ZoneUnderTest.name(name))?.lowercased.description
    }
    #expect(owner("HOST.mesh.") == "host.mesh.")
    #expect(owner("a.host.mesh.") == nil)
    #expect(owner("a.b.cut.mesh.") == "cut.mesh.")
    #expect(owner("cut.mesh.") == "cut.mesh.")
    #expect(owner("a.old.mesh.") == "old.mesh.")
    #expect(owner("y.mesh.") == nil)
    #expect(owner("free.mesh.") == nil)
  }

  @Test("random changes agree with a plain dictionary", arguments: 0..<6)
  func randomChanges(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    let labels = ["a", "b", "c"]
    let names =
      labels.map { "\($0).mesh." }
      + labels.flatMap { one in labels.map { "\($0).\(one).mesh." } }
      + labels.map { "\($0).a.b.mesh." }
    var data: [String: Int] = [:]
    var pins: [String: Int] = [:]
    for step in 0..<400 {
      let name = names.randomElement(using: &random)!
      switch Int.random(in: 0..<5, using: &random) {
      case 0, 1:
        publish(name, "10.0.\(step / 256).\(step % 256)")
        data[name] = step
      case 2:
        withdraw(name)
        data[name] = nil
      case 3:
        zone.pin(ZoneUnderTest.name(name))
        pins[name, default: 0] += 1
      default:
        guard let count = pins[name] else { continue }
        zone.unpin(ZoneUnderTest.name(name))
        pins[name] = count == 1 ? nil : count - 1
      }
      served.domain.collect()
      let asked = names.randomElement(using: &random)!
      let exists = (Array(data.keys) + Array(pins.keys)).contains {
        $0 == asked || $0.hasSuffix("." + asked)
      }
      let expected = data[asked].map { "10.0.\($0 / 256).\($0 % 256)" }
      #expect(try state(asked) == expected ?? (exists ? "NODATA" : "NXDOMAIN"))
    }
  }
}
