// Static records that are replaced while the zone is served.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Replacing a zone's static records")
struct ZoneReplacementTests {
  static let head = "@ 9 SOA ns.out. h 1 2 3 4 5\n@ 9 NS ns.out.\n"

  private func records(_ text: String, origin: String = "z.") -> [ResourceRecord] {
    ZoneText(Self.head + text, origin: ZoneUnderTest.name(origin)).records
  }

  @Test("readers see the old records until the zone is published, then the new ones")
  func publication() throws {
    let served = ZoneUnderTest("z.", Self.head + "a A 10.0.0.1\nb A 10.0.0.2")
    #expect(served.zone.replaceStatic(with: records("a A 10.0.0.9\nc CNAME a")))
    served.zone.publish(RRset("d.z. 5 A 10.0.0.4"))
    #expect(try served.ask("a.z.", .a).answer.values == ["10.0.0.1"])
    #expect(try served.ask("b.z.", .a).answer.values == ["10.0.0.2"])
    for name in ["c.z.", "d.z."] { #expect(try served.ask(name, .a).code == .nameError) }
    served.domain.publish([served.zone])
    #expect(try served.ask("a.z.", .a).answer.values == ["10.0.0.9"])
    #expect(try served.ask("b.z.", .a).code == .nameError)
    #expect(try served.ask("c.z.", .a).answer.values == ["a.z.", "10.0.0.9"])
    #expect(try served.ask("d.z.", .a).answer.values == ["10.0.0.4"])
  }

  @Test("the same records change nothing, and changes after that are seen at once")
  func unchanged() throws {
    let served = ZoneUnderTest("z.", Self.head + "a A 10.0.0.1\na A 10.0.0.2")
    #expect(!served.zone.replaceStatic(with: records("a A 10.0.0.1\na A 10.0.0.2")))
    served.zone.publish(RRset("d.z. 5 A 10.0.0.4"))
    #expect(try served.ask("d.z.", .a).answer.values == ["10.0.0.4"])
    #expect(served.zone.replaceStatic(with: records("a A 10.0.0.2\na A 10.0.0.1")))
  }

  @Test("RRsets that stay keep their turn, registered ones too")
  func turns() throws {
    let addresses = (1...3).map { "a A 10.0.0.\($0)" }.joined(separator: "\n")
    let served = ZoneUnderTest("z.", Self.head + addresses)
    served.zone.publish(RRset((1...3).map { "r.z. 5 A 10.0.1.\($0)" }.joined(separator: "\n")))
    var firsts: [String: [String]] = [:]
    for round in 0..<9 {
      for name in ["a.z.", "r.z."] {
        firsts[name, default: []].append(try served.ask(name, .a).answer.values[0])
      }
      #expect(served.zone.replaceStatic(with: records(addresses + "\nx TXT \"\(round)\"")))
      served.domain.publish([served.zone])
    }
    for (name, network) in [("a.z.", 0), ("r.z.", 1)] {
      #expect(firsts[name] == (0..<9).map { "10.0.\(network).\($0 % 3 + 1)" })
    }
  }

  @Test("several zones change in one step, and a chain through them is of one state")
  func severalZones() throws {
    let served = ZoneUnderTest([
      ("z.", Self.head + "a CNAME b.y."), ("y.", Self.head + "b A 10.0.0.1"),
    ])
    #expect(served.zones[0].replaceStatic(with: records("a CNAME c.y.")))
    #expect(served.zones[1].replaceStatic(with: records("c A 10.0.0.2", origin: "y.")))
    #expect(try served.ask("a.z.", .a).answer.values == ["b.y.", "10.0.0.1"])
    served.domain.publish(served.zones)
    #expect(try served.ask("a.z.", .a).answer.values == ["c.y.", "10.0.0.2"])
    served.domain.publish([], removing: [ZoneUnderTest.name("y.")])
    #expect(try served.ask("a.z.", .a).answer.values == ["c.y."])
    #expect(try served.ask("c.y.", .a).code == .refused)
  }

  @Test("what was replaced and not yet published stays so when replaced again")
  func twice() throws {
    let served = ZoneUnderTest("z.", Self.head)
    #expect(served.zone.replaceStatic(with: records("a A 10.0.0.1")))
    served.domain.publish([])
    #expect(try served.ask("a.z.", .a).code == .nameError)
    #expect(served.zone.replaceStatic(with: records("a A 10.0.0.1")))
    served.domain.publish([served.zone])
    #expect(try served.ask("a.z.", .a).answer.values == ["10.0.0.1"])
    #expect(!served.zone.replaceStatic(with: records("a A 10.0.0.1")))
  }

  @Test("nothing that was replaced is kept for ever")
  func memory() {
    let served = ZoneUnderTest("z.", Self.head)
    for round in 0..<50 {
      _ = served.zone.replaceStatic(with: records("a\(round) A 10.0.0.1\nb TXT \"\(round)\""))
      served.domain.publish([served.zone])
      served.domain.collect()
    }
    #expect(served.domain.reclamation.waitingCount == 0)
  }
}

@Suite("Replaced zones against fresh ones")
struct ReplacedZoneModelTests {
  private static let data = [
    "A 10.0.0.1", "TXT \"t\"", "CNAME a", "NS ns.out.", "NS a.b", "DNAME b", "MX 1 a.b",
  ]

  /// A zone file that holds together: no CNAME beside other data.
  private func text(_ random: inout SeededRandom) -> String {
    var lines: [String: String] = [:]
    for _ in 0..<Int.random(in: 0...5, using: &random) {
      let owner = SmallZoneTests.owners.randomElement(using: &random)!
      lines[owner] = "\(owner) \(Self.data.randomElement(using: &random)!)"
    }
    return ZoneReplacementTests.head + lines.values.sorted().joined(separator: "\n")
  }

  @Test("after any row of replacements every reply is that of a zone that was read anew")
  func model() throws {
    var random = SeededRandom(seed: 9_499)
    for _ in 0..<150 {
      let served = ZoneUnderTest("z.", text(&random))
      var registered: Set<DomainName> = []
      for _ in 0..<6 {
        let text = text(&random)
        let records = ZoneText(text, origin: SmallZoneTests.apex).records
        let names = StaticNames(apex: SmallZoneTests.apex, records: records)
        // A reload that left them no room would be refused.
        guard registered.allSatisfy({ names.owner(claiming: $0) == nil }) else { continue }
        let isChanged = served.zone.replaceStatic(with: records)
        change(&registered, in: served.zone, names, &random)
        if isChanged { served.domain.publish([served.zone]) }
        change(&registered, in: served.zone, names, &random)
        guard try isLikeFresh(served, text, registered) else { return }
      }
    }
  }

  /// Some registered names come and some go.
  private func change(
    _ registered: inout Set<DomainName>, in zone: Zone, _ names: StaticNames,
    _ random: inout SeededRandom
  ) {
    for label in ["r", "r.a", "c.b", "*.r"] where Bool.random(using: &random) {
      let owner = ZoneUnderTest.name("\(label).z.")
      if registered.remove(owner) != nil {
        zone.withdraw(owner, .a)
        zone.unpin(owner)
      } else if names.owner(claiming: owner) == nil {
        register(owner, in: zone)
        registered.insert(owner)
      }
    }
  }

  private func register(_ owner: DomainName, in zone: Zone) {
    zone.pin(owner)
    zone.publish(RRset("\(owner) 5 A 10.1.1.1"))
  }

  private func isLikeFresh(
    _ served: ZoneUnderTest, _ text: String, _ registered: Set<DomainName>
  ) throws -> Bool {
    let fresh = ZoneUnderTest("z.", text)
    for owner in registered { register(owner, in: fresh.zone) }
    for name in SmallZoneTests.askedNames + registered {
      for type in SmallZoneTests.askedTypes {
        let reply = try served.ask(QueryMessage(name, type), isUDP: false)
        let expected = try fresh.ask(QueryMessage(name, type), isUDP: false)
        #expect(reply.octets == expected.octets, "\(text) \(name) \(type)")
        guard reply.octets == expected.octets else { return false }
      }
    }
    return true
  }
}
