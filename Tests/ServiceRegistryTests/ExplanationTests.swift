// Explanations, held against the answers that they explain.

import DNSWire
import ServiceRegistry
import TestSupport
import Testing

@Suite struct ExplanationTests {
  private static let zone = """
    @ 60 IN SOA ns hostmaster 1 3600 600 604800 5
    @ 60 IN NS ns
    ns 60 IN A 127.0.0.1
    www 60 IN CNAME web
    broken 60 IN CNAME nothing
    circle 60 IN CNAME circle
    away 60 IN CNAME www.example.org.
    old 60 IN DNAME web
    far 60 IN DNAME \(String(repeating: "a.", count: 100))example.org.
    *.any 60 IN A 192.0.2.7
    sub 60 IN NS ns.sub
    """

  /// Instances of all kinds: one for each reason there is.
  private func site() async throws -> RegistryUnderTest {
    let server = try await RegistryUnderTest(zone: Self.zone)
    let grpc = NamedPort(
      name: try Label("grpc", kind: .port), port: 90, transport: .tcp)
    let all: [(String, String, Registration)] = [
      ("web", "both", try Registration(["10.0.0.1", "fd00::1"], ports: [grpc], tags: ["v2"])),
      ("web", "v4", try Registration(["10.0.0.2"])),
      ("web", "same", try Registration(["10.0.0.2"])),
      ("web", "v6", try Registration(["fd00::3"])),
      ("web", "portless", try Registration(["10.0.0.4"], port: nil, tags: ["v2"])),
      ("web", "critical", try Registration(["10.0.0.5"], status: .critical)),
      ("web", "draining", try Registration(["10.0.0.6"])),
      ("web", "ended", try Registration(["10.0.0.7"], lease: 2)),
      ("web", "spare", try Registration(["10.0.0.8", "fd00::8"], priority: 1)),
      ("six", "only", try Registration(["10.0.0.9"], priority: 1)),
      ("six", "better", try Registration(["fd00::9"])),
      ("grpc.web", "x", try Registration(["10.0.1.1"])),
      ("empty", "gone", try Registration(["10.0.2.1"])),
    ]
    for (service, id, registration) in all {
      _ = try await server.registry.register(InstanceKey(service, id), registration)
    }
    _ = try await server.registry.drain(InstanceKey("web", "draining"))
    try await server.registry.deregister(InstanceKey("empty", "gone"))
    // The lease has ended; the registry has not looked yet.
    server.clock.advance(by: 2.5)
    return server
  }

  private func explain(
    _ server: RegistryUnderTest, _ name: String, _ type: RecordType,
    within reach: ServiceReach? = nil
  ) async throws -> Explanation {
    let full = name.hasSuffix(".") ? name : "\(name).mesh.internal."
    return await server.registry.explain(
      try DomainName(full), type, within: reach, limit: 1_000)
  }

  private static let names =
    ["web", "six", "grpc.web", "empty", "_web._tcp", "_web._udp", "_grpc._tcp.web", "v2.tag.web"]
    + ["v3.tag.web", "both.web", "v4.web", "v6.web", "portless.web", "critical.web", "ended.web"]
    + ["draining.web", "spare.web", "ghost.web", "gone.empty", "ghost", "tag.web", "_tcp.web"]
    + ["mesh.internal.", "ns", "www", "broken", "circle", "away", "x.any", "any", "x.sub", "sub"]
    + [
      "both.old", "ghost.old", "old", "\(String(repeating: "b.", count: 30))far", "WEB",
      "example.org.",
    ]

  @Test(arguments: names, [RecordType.a, .aaaa, .srv, .txt])
  func `what is explained is what is answered`(name: String, type: RecordType) async throws {
    let server = try await site()
    let explanation = try await explain(server, name, type)
    let reply = try server.ask(name, type)
    #expect(explanation.code == reply.code)
    let members = explanation.items.filter { $0.absence == nil }.map(\.instance.instance)
    #expect(members.count == explanation.inCount)
    let answered = reply.answer.records.filter { $0.type == type }.map(\.rdataText)
    guard !members.isEmpty else {
      #expect(explanation.cause != .registered || answered.isEmpty)
      return
    }
    switch type {
    case .a, .aaaa:
      let addresses = members.flatMap(\.registration.addresses).filter { $0.recordType == type }
      #expect(Set(addresses.map(\.description)) == Set(answered))
    case .srv:
      let hosts = members.map { "\($0.key.id.key).\($0.key.service.key).mesh.internal." }
      #expect(hosts.sorted() == answered.map { String($0.split(separator: " ")[3]) }.sorted())
    default:
      #expect(members.count == 1 && answered.count == 1)
    }
  }

  @Test(
    arguments: [
      ("web", RecordType.a, "critical", Absence.critical), ("web", .a, "draining", .draining),
      ("web", .a, "ended", .leaseEnded), ("web", .a, "spare", .otherPriority),
      ("web", .a, "v6", .noAddress), ("web", .srv, "portless", .noPort),
      ("web", .txt, "both", .noSuchType), ("_web._tcp", .a, "both", .noSuchType),
      ("v2.tag.web", .a, "v4", .otherTag), ("_grpc._tcp.web", .srv, "both", .otherService),
      ("six", .a, "only", .otherPriority), ("ended.web", .a, "ended", .leaseEnded),
      ("portless.web", .srv, "portless", .noPort), ("v4.web", .aaaa, "v4", .noAddress),
    ])
  func `each reason is told`(
    name: String, type: RecordType, id: String, absence: Absence
  ) async throws {
    let server = try await site()
    for hasTicked in [false, true] {
      if hasTicked { await server.registry.tick() }
      let items = try await explain(server, name, type).items
      let item = items.first { $0.instance.instance.key.id.key == id }
      // It may be gone for good after the tick.
      guard !hasTicked || absence != .leaseEnded || item != nil else { continue }
      #expect(item?.absence == absence)
    }
  }

  @Test func `the protocol of the default port is a reason`() async throws {
    let server = try await RegistryUnderTest()
    var registration = try Registration(["10.0.0.1"])
    registration.transport = .udp
    _ = try await server.registry.register(InstanceKey("dns", "a"), registration)
    _ = try await server.registry.register(InstanceKey("dns", "b"), Registration(["10.0.0.2"]))
    let items = try await explain(server, "_dns._udp", .srv).items
    #expect(items.map(\.absence) == [nil, .otherProtocol])
  }

  @Test(
    arguments: [
      ("web", Explanation.Cause.registered), ("ghost", .noSuchName), ("ghost.web", .noSuchName),
      ("tag.web", .noRecords), ("ns", .zoneFile), ("x.any", .zoneFile), ("x.sub", .zoneFile),
      ("example.org.", .noZone), ("www", .registered), ("away", .zoneFile),
    ])
  func `what decides is told`(name: String, cause: Explanation.Cause) async throws {
    let explanation = try await explain(site(), name, .a)
    #expect(explanation.cause == cause)
  }

  @Test func `an alias leads to the service`() async throws {
    let explanation = try await explain(site(), "www", .srv)
    #expect(explanation.aliases.map(\.description) == ["web.mesh.internal."])
    #expect(explanation.services.map(\.key) == ["web"])
  }

  @Test func `a zone file that hides a registered name at the start is the reason`() async throws {
    let server = try await RegistryUnderTest()
    _ = try await server.registry.register(InstanceKey("web", "a"), Registration(["10.0.0.1"]))
    let hiding = try await RegistryUnderTest(
      store: server.store, clock: server.clock,
      zone: RegistryUnderTest.staticZone + "\nweb 60 IN A 192.0.2.9")
    let explanation = try await explain(hiding, "web", .a)
    #expect(explanation.cause == .zoneFile)
    #expect(explanation.items.map(\.absence) == [.zoneFile])
    #expect(try await explain(hiding, "a.web", .a).items.map(\.absence) == [nil])
  }

  @Test func `explaining takes no turn`() async throws {
    let server = try await RegistryUnderTest()
    for id in ["a", "b", "c"] {
      _ = try await server.registry.register(
        InstanceKey("web", id), Registration(["10.0.0.\(id.utf8.first ?? 0)"]))
    }
    let first = try server.ask("web", .a).answer.values
    for _ in 0..<4 { _ = try await explain(server, "web", .a) }
    let second = try server.ask("web", .a).answer.values
    #expect(second == Array(first.dropFirst()) + first.prefix(1))
  }

  @Test func `long lists come in pages`() async throws {
    let server = try await site()
    let name = try DomainName("web.mesh.internal.")
    let whole = await server.registry.explain(name, .a, limit: 100).items
    var joined: [InstanceKey] = []
    while true {
      let page = await server.registry.explain(name, .a, after: joined.last, limit: 4)
      guard !page.items.isEmpty else { break }
      joined += page.items.map(\.instance.instance.key)
    }
    #expect(joined == whole.map(\.instance.instance.key) && joined.count == 9)
  }

  @Test func `nothing is told of services out of reach`() async throws {
    let server = try await site()
    let reach: ServiceReach = { $0.key == "web" }
    // The name of web's port belongs to a hidden service.
    let port = try await explain(server, "_grpc._tcp.web", .srv, within: reach)
    #expect(port.inCount == 0 && port.services.map(\.key) == ["web"])
    #expect(port.items.allSatisfy { $0.instance.instance.key.service.key == "web" })
    let hidden = try await explain(server, "grpc.web", .a, within: reach)
    #expect((hidden.cause, hidden.inCount, hidden.items.count) == (.hidden, 0, 0))
    let file = try await explain(server, "www", .a, within: reach)
    #expect(file.aliases.isEmpty)
  }
}
