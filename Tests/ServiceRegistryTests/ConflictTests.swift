// Two roles for one name, and what each limit refuses.

import DNSWire
import ServiceRegistry
import TestSupport
import Testing

@Suite struct ConflictTests {
  private func expectTaken(
    _ server: RegistryUnderTest, _ service: String, _ id: String
  ) async throws {
    await #expect {
      _ = try await server.registry.register(InstanceKey(service, id), Registration(["10.0.0.9"]))
    } throws: { error in
      guard case RegistryError.nameTaken = error else { return false }
      return true
    }
  }

  @Test func `service and instance of the same name exclude each other`() async throws {
    let server = try await RegistryUnderTest()
    _ = try await server.registry.register(InstanceKey("web", "a"), Registration(["10.0.0.1"]))
    try await expectTaken(server, "a.web", "x")
    _ = try await server.registry.register(InstanceKey("b.web", "x"), Registration(["10.0.0.2"]))
    try await expectTaken(server, "web", "b")
    #expect(try server.addresses("web") == ["10.0.0.1"])
    #expect(try server.ask("x.a.web", .a).code == .nameError)
  }

  @Test func `a port gives way to all that a service is known by, with records or not`()
    async throws
  {
    let server = try await RegistryUnderTest()
    let port = NamedPort(name: try Label("x", kind: .port, limit: 62), port: 53, transport: .tcp)
    let holder = try InstanceKey("n", "i1")
    _ = try await server.registry.register(holder, Registration(["10.0.0.1"], ports: [port]))
    #expect(try server.ask("_x._tcp.n", .srv).answer.count == 1)
    // In one batch the service is first known by tcp, then only by udp; its name goes before
    // the port's all the same.
    let child = try InstanceKey("x.n", "j")
    var udp = try Registration(["10.0.0.2"], port: 1)
    udp.transport = .udp
    _ = try await server.registry.register([
      (child, try Registration(["10.0.0.2"], port: 1)), (child, udp),
    ])
    #expect(try server.ask("_x._tcp.n", .srv).answer.isEmpty)
    #expect(try server.ask("_x._udp.n", .srv).answer.count == 1)
    // What was there is gone: its memory may be used anew.
    try await server.registry.deregister(holder)
    for number in 0..<50 {
      _ = try await server.registry.register(
        InstanceKey("other", "o\(number)"), Registration(["10.0.1.\(number)"]))
    }
    #expect(try server.ask("_x._tcp.n", .srv).answer.isEmpty)
  }

  @Test func `of an ended instance and a service of its name the service is kept`() async throws {
    let server = try await RegistryUnderTest()
    _ = try await server.registry.register(
      InstanceKey("web", "a"), Registration(["10.0.0.1"], lease: 10))
    await server.store.setNext([.refused])
    await server.advance(by: 10)
    try await server.settle()
    // Its removal could not be stored.
    _ = try await server.registry.register(
      InstanceKey("a.web", "x"), Registration(["10.0.0.2"], lease: nil))
    let restarted = try await server.restarted()
    #expect(try restarted.addresses("a.web") == ["10.0.0.2"])
    #expect(try restarted.addresses("web").isEmpty)
  }

  @Test func `static records, cuts and DNAMEs keep their names`() async throws {
    let server = try await RegistryUnderTest(
      zone: RegistryUnderTest.staticZone + """

        db 60 IN A 10.9.9.9
        _api._tcp 60 IN SRV 0 0 80 db
        sub 60 IN NS ns.example.org.
        old 60 IN DNAME example.org.
        """)
    try await expectTaken(server, "db", "a")
    try await expectTaken(server, "api", "a")
    try await expectTaken(server, "web.sub", "a")
    try await expectTaken(server, "sub", "a")
    try await expectTaken(server, "web.old", "a")
    _ = try await server.registry.register(InstanceKey("x.db", "a"), Registration(["10.0.0.1"]))
    #expect(try server.addresses("x.db") == ["10.0.0.1"])
    #expect(try server.addresses("db") == ["10.9.9.9"])
  }

  @Test func `another zone below the service zone keeps its names`() async throws {
    let server = try await RegistryUnderTest(zonesBelow: ["prod.mesh.internal."])
    try await expectTaken(server, "web.prod", "a")
    try await expectTaken(server, "prod", "a")
    _ = try await server.registry.register(
      InstanceKey("web.production", "a"), Registration(["10.0.0.1"]))
    #expect(try server.addresses("web.production") == ["10.0.0.1"])
  }

  @Test func `a service wins its SRV name over a named port, with a warning`() async throws {
    let server = try await RegistryUnderTest()
    let port = NamedPort(
      name: try Label("x", kind: .port, limit: 62), port: 9, transport: .tcp)
    _ = try await server.registry.register(
      InstanceKey("n", "a"), Registration(["10.0.0.1"], ports: [port]))
    #expect(try server.ask("_x._tcp.n", .srv).answer.values == ["0 1 9 a.n.mesh.internal."])
    _ = try await server.registry.register(
      InstanceKey("x.n", "b"), Registration(["10.0.0.2"], port: 7))
    #expect(try server.ask("_x._tcp.n", .srv).answer.values == ["0 1 7 b.x.n.mesh.internal."])
    let reply = try await server.registry.register(
      InstanceKey("n", "c"), Registration(["10.0.0.3"], ports: [port]))
    #expect(reply.warnings.count == 1)
    #expect(try server.ask("_x._tcp.n", .srv).answer.values == ["0 1 7 b.x.n.mesh.internal."])
    try await server.registry.deregister(InstanceKey("x.n", "b"))
    await server.advance(by: 86_401)
    try await server.settle()
    _ = try await server.registry.register(
      InstanceKey("n", "a"), Registration(["10.0.0.1"], ports: [port], weight: 2))
    #expect(try server.ask("_x._tcp.n", .srv).answer.values == ["0 2 9 a.n.mesh.internal."])
  }

  @Test func `an answer that no message holds is prevented`() async throws {
    let server = try await RegistryUnderTest()
    var refusal: RegistryError?
    var count = 0
    while refusal == nil, count < 200 {
      do throws(RegistryError) {
        let addresses = (0..<16).map { "fd00::\(count):\($0)" }
        _ = try await server.registry.register(
          InstanceKey("web", "instance-\(count)"), Registration(addresses))
        count += 1
      } catch {
        refusal = error
      }
    }
    #expect(refusal == .rrsetTooLarge(name: "web.mesh.internal."))
    let reply = try server.ask("web", .aaaa)
    #expect(reply.answer.count == count * 16 && !reply.isTruncated)
    #expect(reply.length + 448 > 65_535 - 255 - 28, "not refused before it had to be")
  }

  @Test func `in one call as many instances fit as one after the other`() async throws {
    let server = try await RegistryUnderTest()
    // Every other one has the addresses of the one before, which take no room again.
    let wanted = try (0..<300).map { number in
      let addresses = (0..<16).map { "fd00::\(number / 2):\($0)" }
      return (key: try InstanceKey("web", "i-\(number)"), registration: try Registration(addresses))
    }
    let results = try await server.registry.register(wanted)
    let fitting = results.prefix { (try? $0.get()) != nil }.count
    #expect(results.dropFirst(fitting).allSatisfy { (try? $0.get()) == nil })
    let reply = try server.ask("web", .aaaa)
    #expect(reply.answer.count == (fitting + 1) / 2 * 16 && !reply.isTruncated)
    #expect(reply.length + 448 > 65_535 - 255 - 28, "not refused before it had to be")
    let other = try await RegistryUnderTest()
    for (key, registration) in wanted.prefix(fitting) {
      _ = try await other.registry.register(key, registration)
    }
    let (key, registration) = wanted[fitting]
    await #expect(throws: RegistryError.self) {
      try await other.registry.register(key, registration)
    }
  }

  @Test func `a DNAME at the apex leaves room for no name`() async throws {
    let server = try await RegistryUnderTest(
      zone: RegistryUnderTest.staticZone + "\n@ 60 IN DNAME example.org.")
    await #expect(throws: RegistryError.self) {
      try await server.registry.register(InstanceKey("web", "a"), Registration(["10.0.0.1"]))
    }
  }

  @Test func `names that DNS has no room for are refused`() async throws {
    let server = try await RegistryUnderTest()
    let long = Array(repeating: String(repeating: "a", count: 49), count: 4).joined(separator: ".")
    await #expect {
      _ = try await server.registry.register(
        InstanceKey(long, String(repeating: "i", count: 63)), Registration(["10.0.0.1"]))
    } throws: { error in
      guard case RegistryError.nameTooLong = error else { return false }
      return true
    }
    #expect(await server.registry.serviceNames().isEmpty)
  }

  @Test(arguments: ["", "-a", "a-", "a_b", "ä", "tag", "ns", "a..b", "a.tag.b", ".a", "a."])
  func `is no service name`(_ name: String) {
    #expect(throws: RegistryError.self) { try ServiceName(name) }
  }

  @Test func `label limits hold on both sides`() throws {
    _ = try ServiceName(String(repeating: "a", count: 62))
    #expect(throws: RegistryError.self) { try ServiceName(String(repeating: "a", count: 63)) }
    _ = try Label(String(repeating: "a", count: 63), kind: .instance)
    #expect(throws: RegistryError.self) {
      try Label(String(repeating: "a", count: 64), kind: .instance)
    }
    _ = try ServiceName(Array(repeating: "abc", count: 50).joined(separator: "."))
    #expect(throws: RegistryError.self) {
      try ServiceName(Array(repeating: "abc", count: 51).joined(separator: "."))
    }
  }
}
