// Removing a service with all that it has.

import DNSWire
import DNSZone
import ServiceRegistry
import TestSupport
import Testing

@Suite struct ServiceRemovalTests {
  private let web: ServiceName

  init() throws {
    web = try ServiceName("web")
  }

  private func register(
    _ registry: Registry, _ service: String, _ id: String, _ address: String,
    tags: [String] = [], lease: Int? = nil
  ) async throws {
    _ = try await registry.register(
      InstanceKey(service, id), Registration([address], tags: tags, lease: lease))
  }

  @Test func `every name of it is gone, and others stay`() async throws {
    let server = try await RegistryUnderTest()
    try await register(server.registry, "web", "a", "10.0.0.1", tags: ["v2"])
    try await register(server.registry, "web", "b", "10.0.0.2", lease: 1)
    try await register(server.registry, "api", "a", "10.0.0.3")
    _ = try await server.registry.drain(InstanceKey("web", "b"))
    let serial = try server.serial()
    try await server.registry.remove(web)
    for name in ["web", "_web._tcp", "v2.tag.web", "a.web", "b.web"] {
      #expect(try server.ask(name, .a).code == .nameError, "\(name)")
    }
    #expect(try server.serial() == serial + 1)
    #expect(try server.addresses("api") == ["10.0.0.3"])
    await #expect(throws: RegistryError.unknownService(web)) {
      try await server.registry.service(web)
    }
    await #expect(throws: RegistryError.unknownService(web)) {
      try await server.registry.remove(web)
    }
    #expect(await server.registry.drainingCount == 0)
    await server.advance(by: 2)
    let again = try await server.restarted()
    #expect(await again.registry.serviceNames().map(\.text) == ["api"])
    #expect(try await server.store.allInstances().count == 1)
    #expect(try again.ask("web", .a).code == .nameError)
  }

  @Test func `each instance takes a revision, and the service one more`() async throws {
    let server = try await RegistryUnderTest()
    try await register(server.registry, "web", "a", "10.0.0.1")
    try await register(server.registry, "web", "b", "10.0.0.2")
    try await server.registry.remove(web)
    let reply = try await server.registry.register(
      InstanceKey("api", "a"), Registration(["10.0.0.3"]))
    #expect(reply.instance.instance.revision == 6)
  }

  @Test func `an empty service can be removed, and a removed one begins anew`() async throws {
    let server = try await RegistryUnderTest()
    try await register(server.registry, "web", "a", "10.0.0.1", tags: ["v2"])
    try await server.registry.deregister(InstanceKey("web", "a"))
    #expect(try server.ask("v2.tag.web", .a).code == .noError)
    try await server.registry.remove(web)
    #expect(try server.ask("web", .a).code == .nameError)
    try await register(server.registry, "web", "b", "10.0.0.2")
    #expect(try server.addresses("web") == ["10.0.0.2"])
    #expect(try server.ask("v2.tag.web", .a).code == .nameError, "it is not remembered")
  }

  @Test func `what its name took from the service above is answered again`() async throws {
    let server = try await RegistryUnderTest()
    let grpc = NamedPort(name: try Label("grpc", kind: .port), port: 9_090, transport: .tcp)
    _ = try await server.registry.register(
      InstanceKey("web", "a"), Registration(["10.0.0.1"], ports: [grpc]))
    try await register(server.registry, "grpc.web", "b", "10.0.0.2")
    #expect(try server.ask("_grpc._tcp.web", .srv).answer.values[0].contains("b.grpc.web"))
    try await server.registry.remove(ServiceName("grpc.web"))
    #expect(try server.ask("_grpc._tcp.web", .srv).answer.values[0].contains("a.web"))
    try await register(server.registry, "web", "grpc", "10.0.0.3")
  }

  @Test func `commands before and after it in the same batch count as they came`() async throws {
    let server = try await RegistryUnderTest()
    let registry = server.registry
    try await register(registry, "web", "a", "10.0.0.1", tags: ["v1"])
    try await register(registry, "web", "b", "10.0.0.2")
    await server.store.hold()
    let first = Task { try await register(registry, "other", "x", "10.9.9.9") }
    await server.store.waitUntilHeld()
    let commands: [@Sendable () async throws -> Void] = [
      { try await register(registry, "web", "c", "10.0.0.3") },
      { try await registry.deregister(InstanceKey("web", "b")) },
      { try await registry.remove(web) },
      { try await register(registry, "web", "a", "10.0.0.4") },
      { try await register(registry, "new", "a", "10.0.0.5") },
      { try await registry.remove(ServiceName("new")) },
    ]
    var tasks: [Task<Void, any Error>] = []
    for command in commands {
      tasks.append(Task { try await command() })
      while await registry.waitingCommands < tasks.count { await Task.yield() }
    }
    await server.store.release()
    _ = try await first.value
    for task in tasks { try await task.value }
    for server in [server, try await server.restarted()] {
      #expect(try server.addresses("web") == ["10.0.0.4"])
      #expect(try server.ask("b.web", .a).code == .nameError)
      #expect(try server.ask("v1.tag.web", .a).code == .nameError)
      #expect(try server.ask("new", .a).code == .nameError)
      let view = try await server.registry.service(web)
      #expect(view.summary.instanceCount == 1)
    }
  }

  @Test(arguments: [MemoryStore.Fate.refused, .lostInDoubt, .keptInSilence])
  func `when it can't be stored, all of it stays, also on disk`(
    _ fate: MemoryStore.Fate
  ) async throws {
    let server = try await RegistryUnderTest()
    for number in 1...5 {
      try await register(server.registry, "web", "w\(number)", "10.0.0.\(number)")
    }
    await server.store.setNext([fate])
    await #expect(throws: RegistryError.self) { try await server.registry.remove(web) }
    #expect(try server.addresses("web").count == 5)
    // The doubt is settled by the next change.
    try await register(server.registry, "api", "a", "10.0.0.9")
    let again = try await server.restarted()
    #expect(try again.addresses("web").count == 5)
  }

  @Test func `who waits for a drain of its instances is told`() async throws {
    let server = try await RegistryUnderTest()
    let registry = server.registry
    try await register(server.registry, "web", "a", "10.0.0.1")
    let waiting = Task { try await registry.drainAndWait(InstanceKey("web", "a")).1 }
    while await !registry.hasDrainWaiters { await Task.yield() }
    try await registry.remove(web)
    #expect(try await waiting.value == .removed)
  }

  @Test func `others get their turn between the slices of a large one`() async throws {
    let server = try await RegistryUnderTest()
    let registry = server.registry
    let registration = try Registration(["10.0.0.1"], port: nil, lease: nil)
    let count = 10_000
    _ = try await registry.register(
      (0..<count).map { (key: try InstanceKey("web", "w\($0)"), registration: registration) })
    let removal = Task { try await registry.remove(web) }
    var seen: Set<Int> = []
    while let left = await registry.summaries(of: [web]).first?.instanceCount { seen.insert(left) }
    try await removal.value
    #expect(seen.contains { $0 > 0 && $0 < count }, "\(seen)")
    for number in [0, 499, 500, count - 1] {
      #expect(try server.ask("w\(number).web", .a).code == .nameError)
    }
    #expect(try server.ask("web", .a).code == .nameError)
  }
}
