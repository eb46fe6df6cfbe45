// Zone files that change while instances are registered.

import DNSWire
import DNSZone
import ServiceRegistry
import TestSupport
import Testing

@Suite("Reloading zone files") struct ReloadTests {
  static let head = """
    @ 60 IN SOA ns hostmaster 1 3600 600 604800 5
    @ 60 IN NS ns
    ns 60 IN A 127.0.0.1

    """

  private func content(_ origin: String, _ text: String) -> StaticZones.Content {
    let apex = ZoneUnderTest.name(origin)
    return StaticZones.Content(apex: apex, records: ZoneText(text, origin: apex).records)
  }

  /// A reload with the service zone's own file and others.
  private func zones(
    _ own: String, _ others: [(String, String)] = [], kept: [String] = []
  ) -> StaticZones {
    StaticZones(
      contents: [content("mesh.internal.", own)] + others.map { content($0.0, $0.1) },
      kept: Set(kept.map(ZoneUnderTest.name)))
  }

  private func outcomes(_ reports: [ZoneReport]) -> [String] {
    reports.map { "\($0.apex) \($0.outcome)" }
  }

  @Test("zones are added, changed, left alone, kept and removed")
  func outcomes() async throws {
    let server = try await RegistryUnderTest()
    let a = ("a.example.", Self.head + "www A 10.0.0.1")
    #expect(
      outcomes(try await server.reload(zones(Self.head, [a])))
        == ["a.example. added", "mesh.internal. unchanged"])
    #expect(try server.addresses("www.a.example.") == ["10.0.0.1"])
    #expect(
      outcomes(try await server.reload(zones(Self.head, [a])))
        == ["a.example. unchanged", "mesh.internal. unchanged"])
    #expect(
      outcomes(
        try await server.reload(zones(Self.head, [("a.example.", Self.head + "www A 10.0.0.2")])))
        == ["a.example. changed", "mesh.internal. unchanged"])
    #expect(try server.addresses("www.a.example.") == ["10.0.0.2"])
    #expect(
      outcomes(try await server.reload(zones(Self.head, kept: ["a.example.", "never.seen."])))
        == ["a.example. kept", "mesh.internal. unchanged"])
    #expect(try server.addresses("www.a.example.") == ["10.0.0.2"])
    #expect(
      outcomes(try await server.reload(zones(Self.head)))
        == ["a.example. removed", "mesh.internal. unchanged"])
    #expect(try server.ask("www.a.example.", .a).code == .refused)
  }

  @Test("a zone whose content changes without a later serial is told of")
  func staleSerial() async throws {
    let server = try await RegistryUnderTest()
    func isStale(_ serial: UInt32, _ address: String) async throws -> Bool? {
      let text = "@ SOA ns h \(serial) 1 2 3 4\n@ NS ns\nns A \(address)"
      let reports = try await server.reload(zones(Self.head, [("a.example.", text)]))
      let report = reports.first { $0.apex.description == "a.example." }
      #expect(report?.serial == serial)
      return report?.isSerialStale
    }
    #expect(try await isStale(7, "10.0.0.1") == false)
    #expect(try await isStale(7, "10.0.0.2") == true)
    #expect(try await isStale(8, "10.0.0.3") == false)
    #expect(try await isStale(6, "10.0.0.4") == true)
    #expect(try await isStale(0x8000_0005, "10.0.0.5") == false)
    #expect(try await isStale(1, "10.0.0.5") == false)
  }

  @Test("the service zone's serial goes up by one with its content, or to the file's if later")
  func serial() async throws {
    let server = try await RegistryUnderTest()
    let start = try server.serial()
    func reload(_ serial: UInt32, _ text: String) async throws -> UInt32 {
      let head = Self.head.replacing("hostmaster 1 ", with: "hostmaster \(serial) ")
      let reports = try await server.reload(zones(head + text))
      #expect(reports.map(\.serial) == [try server.serial()])
      return try server.serial()
    }
    #expect(try await reload(1, "") == start)
    #expect(try await reload(1, "db A 10.9.9.9") == start + 1)
    #expect(try await reload(1, "db A 10.9.9.9") == start + 1)
    #expect(try await reload(500, "db A 10.9.9.9") == 500)
    #expect(try await reload(1, "db A 10.9.9.8") == 501)
    _ = try await server.registry.register(InstanceKey("web", "a"), Registration(["10.0.0.1"]))
    #expect(try server.serial() == 502)
    #expect(await server.store.batches.last?.position.serial == 502)
  }

  @Test("registered names survive with their turn, and static ones change around them")
  func registeredNames() async throws {
    let server = try await RegistryUnderTest()
    for number in 1...3 {
      _ = try await server.registry.register(
        InstanceKey("web", "a\(number)"), Registration(["10.0.0.\(number)"], tags: ["v1"]))
    }
    var firsts: [String] = []
    for round in 0..<6 {
      _ = try await server.reload(zones(Self.head + "db A 10.9.9.\(round)\n"))
      #expect(try server.addresses("db") == ["10.9.9.\(round)"])
      firsts.append(try server.ask("web", .a).answer.values[0])
      #expect(try server.ask("v1.tag.web", .srv).answer.count == 3)
      #expect(try server.ask("tag.web", .a).code == .noError)
    }
    #expect(firsts == ["1", "2", "3", "1", "2", "3"].map { "10.0.0.\($0)" })
    try await server.registry.deregister(InstanceKey("web", "a1"))
    #expect(try server.addresses("web") == ["10.0.0.2", "10.0.0.3"])
  }

  @Test(
    "a zone that would claim or cover a registered name is refused whole, both names told",
    arguments: [
      ("web A 10.1.1.1", "web.mesh.internal.", "web.mesh.internal."),
      ("a.web TXT \"x\"", "a.web.mesh.internal.", "a.web.mesh.internal."),
      ("_web._tcp SRV 0 0 1 ns", "_web._tcp.mesh.internal.", "_web._tcp.mesh.internal."),
      ("prod NS ns.example.", ".prod.mesh.internal.", "prod.mesh.internal."),
      ("prod DNAME example.", ".prod.mesh.internal.", "prod.mesh.internal."),
      ("text NS ns.example.", ".text.mesh.internal.", "text.mesh.internal."),
      ("text DNAME example.", ".text.mesh.internal.", "text.mesh.internal."),
      ("@ DNAME example.", "mesh.internal.", "mesh.internal."),
    ])
  func conflict(line: String, registered: String, holder: String) async throws {
    let server = try await RegistryUnderTest(zone: Self.head + "text TXT \"x\"")
    for service in ["web", "db.prod", "db.text"] {
      _ = try await server.registry.register(InstanceKey(service, "a"), Registration(["10.0.0.1"]))
    }
    let before = try server.serial()
    let other = ("a.example.", Self.head)
    await #expect {
      _ = try await server.reload(
        zones(Self.head + "text TXT \"x\"\n" + line + "\nnew A 10.1.1.1", [other]))
    } throws: { error in
      guard case RegistryError.nameCovered(let found, holder) = error else { return false }
      return found.hasSuffix(registered)
    }
    #expect(try server.ask("new", .a).code == .nameError)
    #expect(try server.ask("a.example.", .soa).code == .refused)
    #expect(try server.serial() == before)
    #expect(try server.addresses("web") == ["10.0.0.1"])
    #expect(try server.addresses("db.prod") == ["10.0.0.1"])
  }

  @Test("a cut at a name that hides a service is a conflict with the service's instances")
  func cutAtHiddenService() async throws {
    let before = try await RegistryUnderTest()
    _ = try await before.registry.register(
      InstanceKey("web", "a"), Registration(["10.0.0.1"], port: nil, lease: nil))
    let hiding = Self.head + "web TXT \"x\"\n_web._tcp TXT \"x\"\n"
    let server = try await RegistryUnderTest(store: before.store, clock: before.clock, zone: hiding)
    #expect(try server.addresses("a.web") == ["10.0.0.1"])
    for cut in ["web NS ns.example.", "web DNAME example."] {
      await #expect(throws: RegistryError.self) {
        _ = try await server.reload(zones(hiding + cut))
      }
    }
    #expect(try server.addresses("a.web") == ["10.0.0.1"])
  }

  @Test("static records beside registered names, and where only others' names end, are no conflict")
  func noConflict() async throws {
    let server = try await RegistryUnderTest()
    _ = try await server.registry.register(InstanceKey("web.prod", "a"), Registration(["10.0.0.1"]))
    _ = try await server.reload(
      zones(Self.head + "prod A 10.2.2.2\n*.web.prod A 10.3.3.3\nx.web.prod CNAME a.web.prod"))
    #expect(try server.addresses("prod") == ["10.2.2.2"])
    #expect(try server.addresses("other.web.prod") == ["10.3.3.3"])
    #expect(
      try server.ask("x.web.prod", .a).answer.values == ["a.web.prod.mesh.internal.", "10.0.0.1"])
    #expect(try server.addresses("web.prod") == ["10.0.0.1"])
  }

  @Test("a zone below the service zone takes its names only while it is there and nobody is in it")
  func zoneBelow() async throws {
    let server = try await RegistryUnderTest()
    let below = ("prod.mesh.internal.", Self.head + "db A 10.4.4.4")
    _ = try await server.reload(zones(Self.head, [below]))
    #expect(try server.addresses("db.prod") == ["10.4.4.4"])
    let key = try InstanceKey("web.prod", "a")
    await #expect(throws: RegistryError.self) {
      _ = try await server.registry.register(key, Registration(["10.0.0.1"]))
    }
    _ = try await server.reload(zones(Self.head))
    _ = try await server.registry.register(key, Registration(["10.0.0.1"]))
    #expect(try server.addresses("web.prod") == ["10.0.0.1"])
    await #expect(throws: RegistryError.self) {
      _ = try await server.reload(zones(Self.head, [below]))
    }
    #expect(try server.addresses("web.prod") == ["10.0.0.1"])
  }

  @Test("what a zone file hid at start appears when the file no longer hides it")
  func revealed() async throws {
    let before = try await RegistryUnderTest()
    let port = NamedPort(name: try Label("x", kind: .port, limit: 62), port: 9, transport: .tcp)
    for id in ["a", "b"] {
      _ = try await before.registry.register(
        InstanceKey("web", id), Registration(["10.0.0.1"], ports: [port], tags: ["v1"], lease: nil))
    }
    let hiding = Self.head + "web A 10.9.9.9\na.web A 10.9.9.9\n_x._tcp.web TXT \"t\""
    let server = try await RegistryUnderTest(store: before.store, clock: before.clock, zone: hiding)
    #expect(try server.addresses("web") == ["10.9.9.9"])
    _ = try await server.reload(zones(Self.head))
    #expect(try server.addresses("web") == ["10.0.0.1"])
    #expect(try server.addresses("a.web") == ["10.0.0.1"])
    #expect(try server.ask("_x._tcp.web", .srv).answer.count == 2)
    #expect(try server.ask("v1.tag.web", .a).answer.count == 1)
    // Its names exist now like all others, and are nobody else's to take.
    for id in ["a", "b"] { try await server.registry.deregister(InstanceKey("web", id)) }
    #expect(try server.ask("web", .a).code == .noError)
    #expect(try server.ask("_x._tcp.web", .srv).code == .noError)
    await #expect(throws: RegistryError.self) {
      _ = try await server.reload(zones(hiding))
    }
  }

  @Test("when the new serial can't be stored nothing is reloaded")
  func storeFailure() async throws {
    let server = try await RegistryUnderTest()
    await server.store.setNext([.lostInDoubt])
    let wanted = zones(Self.head + "db A 10.9.9.9", [("a.example.", Self.head)])
    await #expect(throws: RegistryError.self) { _ = try await server.reload(wanted) }
    #expect(try server.ask("db", .a).code == .nameError)
    #expect(try server.ask("a.example.", .soa).code == .refused)
    _ = try await server.reload(wanted)
    #expect(try server.addresses("db") == ["10.9.9.9"])
  }

  @Test("a name that a zone below hid appears with a serial of its own")
  func revealedSerial() async throws {
    let before = try await RegistryUnderTest()
    _ = try await before.registry.register(
      InstanceKey("web.prod", "a"), Registration(["10.0.0.1"], lease: nil))
    let server = try await RegistryUnderTest(
      store: before.store, clock: before.clock, zone: Self.head,
      zonesBelow: ["prod.mesh.internal."])
    #expect(try server.addresses("web.prod") == [])
    let serial = try server.serial()
    _ = try await server.reload(zones(Self.head))
    #expect(try server.addresses("web.prod") == ["10.0.0.1"])
    #expect(try server.serial() == serial + 1)
  }

  @Test("an instance whose lease has ended holds no name against a zone file")
  func expiredInstance() async throws {
    let server = try await RegistryUnderTest()
    _ = try await server.registry.register(InstanceKey("web", "a"), Registration(["10.0.0.1"]))
    await server.store.setStanding(.refused)
    await server.advance(by: 31)
    try await server.settle()
    await server.store.setStanding(.kept)
    _ = try await server.reload(zones(Self.head + "a.web A 10.9.9.9"))
    #expect(try server.addresses("a.web") == ["10.9.9.9"])
  }

  @Test("a refused reload leaves the other zones as they are, and the next one takes them over")
  func refusedThenAccepted() async throws {
    let server = try await RegistryUnderTest()
    _ = try await server.registry.register(InstanceKey("web", "a"), Registration(["10.0.0.1"]))
    let old = ("a.example.", Self.head + "www A 10.0.0.1")
    let new = ("a.example.", Self.head + "www A 10.0.0.2")
    _ = try await server.reload(zones(Self.head, [old]))
    await #expect(throws: RegistryError.self) {
      _ = try await server.reload(zones(Self.head + "web A 10.9.9.9", [new]))
    }
    #expect(try server.addresses("www.a.example.") == ["10.0.0.1"])
    _ = try await server.reload(zones(Self.head + "x A 10.9.9.9", kept: ["a.example."]))
    #expect(try server.addresses("www.a.example.") == ["10.0.0.1"])
    #expect(try server.addresses("x") == ["10.9.9.9"])
    _ = try await server.reload(zones(Self.head, [new]))
    #expect(try server.addresses("www.a.example.") == ["10.0.0.2"])
  }

  @Test("leases end and begin anew while a reload waits for the disk, and registrations follow it")
  func duringCommit() async throws {
    let server = try await RegistryUnderTest()
    for id in ["a", "b"] {
      _ = try await server.registry.register(InstanceKey("web", id), Registration(["10.0.0.1"]))
    }
    await server.advance(by: 20)
    await server.store.hold()
    let registry = server.registry
    let wanted = zones(Self.head + "db A 10.9.9.9")
    let replaced = ReplacedZones(
      wanted, besides: [ZoneUnderTest.name("mesh.internal.")], in: server.domain)
    async let reports = registry.reload(wanted, replaced)
    await server.store.waitUntilHeld()
    _ = try await server.registry.renew(InstanceKey("web", "b"), status: nil)
    async let late = registry.register(
      InstanceKey("db", "a"), Registration(["10.0.0.2"]))
    await server.advance(by: 11)
    #expect(try server.ask("a.web", .a).answer.isEmpty)
    #expect(try server.addresses("b.web") == ["10.0.0.1"])
    #expect(try server.ask("db", .a).code == .nameError)
    await server.store.release()
    #expect(try await outcomes(reports) == ["mesh.internal. changed"])
    var refusal: (any Error)?
    do { _ = try await late } catch { refusal = error }
    #expect(refusal is RegistryError)
    #expect(try server.addresses("db") == ["10.9.9.9"])
    #expect(try server.addresses("web") == ["10.0.0.1"])
  }
}
