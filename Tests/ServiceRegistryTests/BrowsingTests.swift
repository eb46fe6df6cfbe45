// Browsing for registered instances (RFC 6763).

import DNSWire
import DNSZone
import ServiceRegistry
import TestSupport
import Testing

@Suite("Browsing for instances (RFC 6763)") struct BrowsingTests {
  private static func port(
    _ name: String, _ number: UInt16, _ transport: TransportProtocol = .tcp
  ) throws -> NamedPort {
    NamedPort(name: try Label(name, kind: .port), port: number, transport: transport)
  }

  /// Two services with a port of the same name, one of which has another port too.
  private func site() async throws -> RegistryUnderTest {
    let server = try await RegistryUnderTest()
    let http = try Self.port("http", 8080)
    let dns = try Self.port("dns", 53, .udp)
    try await server.register(
      "web", "a",
      Registration(["10.0.0.1", "fd00::1"], ports: [http], metadata: ["path": "/"], lease: 30))
    try await server.register("web", "B", Registration(["10.0.0.2"], ports: [http], lease: 20))
    try await server.register(
      "api.prod", "x", Registration(["10.0.0.3"], port: nil, ports: [http, dns], lease: nil))
    return server
  }

  private static let three = [
    #"a\.web._http._tcp.mesh.internal."#, #"b\.web._http._tcp.mesh.internal."#,
    #"x\.api\.prod._http._tcp.mesh.internal."#,
  ]

  private func pointers(_ server: RegistryUnderTest, _ name: String) throws -> [String] {
    try server.ask(name, .ptr).answer.values.sorted()
  }

  @Test("the domain to browse, the types in it, and the instances of a type are PTR records")
  func lists() async throws {
    let server = try await site()
    for label in ["b", "db", "lb"] {
      #expect(try pointers(server, "\(label)._dns-sd._udp") == ["mesh.internal."])
    }
    #expect(
      try pointers(server, "_services._dns-sd._udp")
        == ["_dns._udp.mesh.internal.", "_http._tcp.mesh.internal."])
    #expect(try pointers(server, "_http._tcp") == Self.three)
    #expect(
      try pointers(server, "_dns._udp") == [#"x\.api\.prod._dns._udp.mesh.internal."#])
    #expect(try server.ask("_http._tcp", .ptr).answer.ttls == [5])
  }

  @Test("an instance of a type has SRV with the port, its addresses beside it, and TXT")
  func instance() async throws {
    let server = try await site()
    let name = #"a\.web._http._tcp"#
    let srv = try server.ask(name, .srv)
    #expect(srv.answer.values == ["0 1 8080 a.web.mesh.internal."])
    #expect(
      srv.additional == "a.web.mesh.internal. 5 A 10.0.0.1\na.web.mesh.internal. 5 AAAA fd00::1")
    #expect(try server.ask(name, .txt).answer.values == ["\"path=/\""])
    #expect(try server.ask(#"B\.WEB._http._tcp"#, .txt).answer.values == ["\"\""])
    #expect(try server.ask(name, .a).code == .noError)
    #expect(try server.ask(#"c\.web._http._tcp"#, .srv).code == .nameError)
    #expect(
      try server.ask(#"x\.api\.prod._dns._udp"#, .srv).answer.values
        == ["0 1 53 x.api.prod.mesh.internal."])
  }

  @Test("a list brings SRV, TXT and addresses of its instances, as far as they fit (section 12.1)")
  func additional() async throws {
    let server = try await site()
    let reply = try server.ask("_dns._udp", .ptr, isUDP: true)
    #expect(
      reply.additional == #"""
        x\.api\.prod._dns._udp.mesh.internal. 5 SRV 0 1 53 x.api.prod.mesh.internal.
        x\.api\.prod._dns._udp.mesh.internal. 5 TXT ""
        x.api.prod.mesh.internal. 5 A 10.0.0.3
        """#)
    #expect(try server.ask("_http._tcp", .ptr).additional.count == 10)
  }

  @Test("a list over UDP that does not fit is cut with TC; over TCP it is whole")
  func truncation() async throws {
    let server = try await RegistryUnderTest()
    let ports = [try Self.port("http", 80)]
    for number in 0..<60 {
      try await server.register("web", "i\(number)", Registration(["10.0.0.1"], ports: ports))
    }
    let whole = try server.ask("_http._tcp", .ptr)
    #expect(!whole.isTruncated && whole.answer.count == 60)
    let cut = try server.ask("_http._tcp", .ptr, isUDP: true)
    #expect(cut.isTruncated && cut.answer.count > 10 && cut.additional.isEmpty)
    #expect(cut.answer.distinctLines.isSubset(of: whole.answer.distinctLines))
  }

  @Test("who drains, is critical or has ended is in no list; the name stays while it is registered")
  func liveness() async throws {
    let server = try await site()
    let key = try InstanceKey("web", "a")
    _ = try await server.registry.renew(key, status: .critical)
    #expect(try pointers(server, "_http._tcp") == Array(Self.three[1...]))
    #expect(try server.ask(#"a\.web._http._tcp"#, .srv).answer.ttls == [5])
    _ = try await server.registry.renew(key, status: .passing)
    #expect(try pointers(server, "_http._tcp") == Self.three)
    _ = try await server.registry.drain(key)
    #expect(try pointers(server, "_http._tcp") == Array(Self.three[1...]))
    let draining = try server.ask(#"a\.web._http._tcp"#, .srv)
    #expect(draining.answer.count == 1 && draining.answer.ttls == [0])
    // The lease has ended; the registry has not looked yet.
    server.clock.advance(by: 20)
    #expect(try pointers(server, "_http._tcp") == [Self.three[2]])
    #expect(try server.ask(#"b\.web._http._tcp"#, .srv).code == .noError)
    await server.registry.tick()
    try await server.settle()
    #expect(try server.ask(#"b\.web._http._tcp"#, .srv).code == .nameError)
    #expect(try server.ask(#"a\.web._http._tcp"#, .srv).code == .nameError)
    #expect(try pointers(server, "_http._tcp") == [Self.three[2]])
  }

  @Test("a list is kept no longer than to the soonest lease end in it, nor than any service allows")
  func timeToLive() async throws {
    let server = try await site()
    server.clock.advance(by: 17)
    #expect(try server.ask("_http._tcp", .ptr).answer.ttls == [3])
    #expect(try server.ask("_dns._udp", .ptr).answer.ttls == [5])
    let service = try ServiceName("api.prod")
    _ = try await server.registry.configure(service, try ServiceSettings(ttl: 2, maxAnswers: nil))
    #expect(try server.ask("_http._tcp", .ptr).answer.ttls == [2])
    let own = try server.ask(#"x\.api\.prod._dns._udp"#, .srv)
    #expect(own.answer.ttls == [2])
  }

  @Test("a type is there as long as a service with such a port is, with or without instances")
  func existence() async throws {
    let server = try await RegistryUnderTest()
    #expect(try server.ask("_http._tcp", .ptr).code == .nameError)
    #expect(try server.ask("_services._dns-sd._udp", .ptr).code == .nameError)
    let key = try InstanceKey("web", "a")
    try await server.register(
      "web", "a", Registration(["10.0.0.1"], ports: [Self.port("http", 80)]))
    try await server.registry.deregister(key)
    #expect(try server.ask("_http._tcp", .ptr).code == .noError)
    #expect(try pointers(server, "_http._tcp").isEmpty)
    #expect(try pointers(server, "_services._dns-sd._udp") == ["_http._tcp.mesh.internal."])
    let restarted = try await server.restarted()
    #expect(try restarted.ask("_http._tcp", .ptr).code == .noError)
    try await server.registry.remove(key.service)
    #expect(try server.ask("_http._tcp", .ptr).code == .nameError)
    #expect(try server.ask("_services._dns-sd._udp", .ptr).code == .nameError)
  }

  @Test("a port that an instance has no longer, or with another number, is known at once")
  func changedPorts() async throws {
    let server = try await site()
    let grpc = try Self.port("grpc", 90)
    try await server.register("web", "a", Registration(["10.0.0.1"], ports: [grpc]))
    #expect(try pointers(server, "_http._tcp") == Array(Self.three[1...]))
    #expect(try server.ask(#"a\.web._http._tcp"#, .srv).code == .nameError)
    #expect(
      try server.ask(#"a\.web._grpc._tcp"#, .srv).answer.values == ["0 1 90 a.web.mesh.internal."])
    try await server.register(
      "web", "a", Registration(["10.0.0.1"], ports: [Self.port("grpc", 91)]))
    #expect(
      try server.ask(#"a\.web._grpc._tcp"#, .srv).answer.values == ["0 1 91 a.web.mesh.internal."])
    try await server.registry.remove(try ServiceName("web"))
    #expect(try pointers(server, "_http._tcp") == [Self.three[2]])
    #expect(try server.ask(#"a\.web._grpc._tcp"#, .srv).code == .nameError)
  }

  @Test("a type and the SRV name of a service of the port's name are one owner with both types")
  func sharedOwner() async throws {
    let server = try await site()
    let key = try InstanceKey("http", "h")
    try await server.register("http", "h", Registration(["10.0.0.9"], port: 80))
    #expect(try pointers(server, "_http._tcp") == Self.three)
    #expect(
      try server.ask("_http._tcp", .srv).answer.values == ["0 1 80 h.http.mesh.internal."])
    try await server.registry.remove(try ServiceName("web"))
    #expect(try server.ask("_http._tcp", .srv).answer.count == 1)
    try await server.registry.deregister(key)
    #expect(try server.ask("_http._tcp", .srv).answer.isEmpty)
    #expect(try pointers(server, "_http._tcp") == [Self.three[2]])
  }

  @Test("a list holds so many instances, who finds no room is told, and comes in when one goes")
  func limit() async throws {
    let server = try await RegistryUnderTest()
    let ports = [try Self.port("http", 80)]
    let limit = RegistryLimits.browsedInstances
    for number in 0..<limit {
      let reply = try await server.register(
        "s\(number % 7)", "i\(number)", Registration(["10.0.0.1"], ports: ports, lease: nil))
      #expect(!reply.warnings.contains { $0.contains("browsing") })
    }
    let late = try await server.register(
      "late", "z", Registration(["10.0.0.1"], ports: ports, lease: nil))
    #expect(late.warnings.contains { $0.contains("the list holds 800 instances already") })
    #expect(try pointers(server, "_http._tcp").count == limit)
    #expect(try server.ask(#"z\.late._http._tcp"#, .srv).answer.count == 1)
    try await server.registry.deregister(InstanceKey("s1", "i1"))
    let list = try pointers(server, "_http._tcp")
    #expect(list.count == limit && list.contains(#"z\.late._http._tcp.mesh.internal."#))
  }

  @Test("a name that is longer than a label is cut, and answers by what the list says")
  func longName() async throws {
    let server = try await RegistryUnderTest()
    let service = String(repeating: "s", count: 62)
    try await server.register(
      service, "Id", Registration(["10.0.0.1"], ports: [Self.port("http", 80)]))
    let reply = try server.ask("_http._tcp", .ptr)
    let name = DomainName(uncheckedWire: reply.answer.records[0].rdata)
    #expect(name.labels[0].count == DomainName.labelLengthLimit)
    #expect(reply.additional.records.filter { $0.owner == name }.count == 2)
    let srv = try server.ask(name.description, .srv)
    #expect(srv.answer.values == ["0 1 80 id.\(service).mesh.internal."])
  }

  @Test("of two names that are cut to the same, the first keeps it while it is there")
  func sameCutName() async throws {
    let server = try await RegistryUnderTest()
    // Their hashes begin with the same 32 bits.
    let services = ["0002663", "0018811"].map { String(repeating: "s", count: 55) + $0 }
    let registration = try Registration(["10.0.0.1"], ports: [Self.port("http", 80)])
    let first = try await server.register(services[0], "i", registration)
    #expect(first.warnings.isEmpty)
    let second = try await server.register(services[1], "i", registration)
    #expect(second.warnings.contains { $0.contains("cut to the same label") })
    let list = try server.ask("_http._tcp", .ptr).answer.records
    #expect(list.count == 1)
    let name = DomainName(uncheckedWire: try #require(list.first).rdata).description
    #expect(
      try server.ask(name, .srv).answer.values == ["0 1 80 i.\(services[0]).mesh.internal."])
    try await server.registry.deregister(InstanceKey(services[1], "i"))
    #expect(try server.ask(name, .srv).answer.count == 1)
    try await server.registry.deregister(InstanceKey(services[0], "i"))
    #expect(try server.ask(name, .srv).code == .nameError)
    let again = try await server.register(services[1], "i", registration)
    #expect(again.warnings.isEmpty)
    #expect(
      try server.ask(name, .srv).answer.values == ["0 1 80 i.\(services[1]).mesh.internal."])
  }

  @Test("there are so many types; who finds no room is told, and comes in when one goes")
  func typeLimit() async throws {
    let server = try await RegistryUnderTest()
    for service in 0..<RegistryLimits.browsedTypes / 16 {
      let ports = try (0..<16).map { try Self.port("p\(service)-\($0)", 80) }
      let reply = try await server.register(
        "s\(service)", "i", Registration(["10.0.0.1"], ports: ports))
      #expect(!reply.warnings.contains { $0.contains("browsing") })
    }
    let last = try Registration(["10.0.0.1"], ports: [Self.port("last", 80)])
    let refused = try await server.register("late", "i", last)
    #expect(refused.warnings.contains { $0.contains("there are 800 service types already") })
    #expect(try server.ask("_last._tcp", .ptr).answer.records.isEmpty)
    try await server.registry.remove(try ServiceName("s0"))
    var changed = last
    changed.weight = 7
    let late = try await server.register("late", "i", changed)
    #expect(late.warnings.isEmpty)
    #expect(try server.ask("_last._tcp", .ptr).answer.count == 1)
    #expect(
      try pointers(server, "_services._dns-sd._udp").contains("_last._tcp.mesh.internal."))
  }

  @Test("records of a zone file stand in the place of what can be browsed")
  func staticRecords() async throws {
    let server = try await RegistryUnderTest(
      zone: RegistryUnderTest.staticZone + """

        b._dns-sd._udp 60 IN PTR example.org.
        _services._dns-sd._udp 60 IN PTR _ipp._tcp
        _http._tcp 60 IN PTR printer._http._tcp
        a\\.web._dns._udp 60 IN TXT "mine"
        """)
    let http = try Self.port("http", 8080)
    let dns = try Self.port("dns", 53, .udp)
    let reply = try await server.register(
      "web", "a", Registration(["10.0.0.1"], ports: [http, dns]))
    #expect(reply.warnings.count { $0.contains("the zone file's records") } == 2)
    #expect(try pointers(server, "b._dns-sd._udp") == ["example.org."])
    #expect(try pointers(server, "lb._dns-sd._udp") == ["mesh.internal."])
    #expect(try pointers(server, "_services._dns-sd._udp") == ["_ipp._tcp.mesh.internal."])
    #expect(try pointers(server, "_http._tcp") == ["printer._http._tcp.mesh.internal."])
    #expect(try server.ask(#"a\.web._http._tcp"#, .srv).answer.count == 1)
    #expect(try server.ask(#"a\.web._dns._udp"#, .txt).answer.values == ["\"mine\""])
    let apex = ZoneUnderTest.name("mesh.internal.")
    func zones(_ text: String) -> StaticZones {
      let records = ZoneText(RegistryUnderTest.staticZone + "\n" + text, origin: apex).records
      return StaticZones(contents: [.init(apex: apex, records: records)], kept: [])
    }
    // Below a type that is the file's an instance is answered, and its name is not the file's.
    for text in ["a\\.web._http._tcp 60 IN TXT x", "a\\.web._http._tcp 60 IN A 192.0.2.9"] {
      await #expect(throws: RegistryError.self, "\(text)") {
        try await server.reload(zones("_http._tcp 60 IN PTR printer._http._tcp\n" + text))
      }
    }
    #expect(try server.ask(#"a\.web._http._tcp"#, .srv).answer.count == 1)
    // Without them, all of it is there.
    _ = try await server.reload(zones(""))
    #expect(try pointers(server, "b._dns-sd._udp") == ["mesh.internal."])
    #expect(
      try pointers(server, "_services._dns-sd._udp")
        == ["_dns._udp.mesh.internal.", "_http._tcp.mesh.internal."])
    #expect(try pointers(server, "_http._tcp") == [Self.three[0]])
    #expect(try server.ask(#"a\.web._dns._udp"#, .srv).answer.count == 1)
    // A file may not take what is there.
    for text in ["_http._tcp PTR x", "a\\.web._dns._udp TXT x", "_udp NS elsewhere."] {
      await #expect(throws: RegistryError.self, "\(text)") {
        try await server.reload(zones(text.replacing(" ", with: " 60 IN ", maxReplacements: 1)))
      }
    }
    #expect(try pointers(server, "_http._tcp") == [Self.three[0]])
  }

  @Test("the name of an instance below a type is explained")
  func explanation() async throws {
    let server = try await site()
    let name = try DomainName(#"a\.web._http._tcp.mesh.internal."#)
    let srv = await server.registry.explain(name, .srv, limit: 10)
    #expect(srv.cause == .registered && srv.inCount == 1)
    #expect(srv.items.map(\.instance.instance.key.id.text) == ["a"])
    let address = await server.registry.explain(name, .a, limit: 10)
    #expect(address.items.map(\.absence) == [.noSuchType])
  }
}

extension RegistryUnderTest {
  @discardableResult
  fileprivate func register(
    _ service: String, _ id: String, _ registration: Registration
  ) async throws -> RegistrationReply {
    try await registry.register(InstanceKey(service, id), registration)
  }
}
