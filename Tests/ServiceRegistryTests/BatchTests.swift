// Commands that are decided and committed together, or come while a commit is under way.

import DNSWire
import ServiceRegistry
import TestSupport
import Testing

@Suite struct BatchTests {
  /// Lets `commands` wait in this order behind a commit that hangs, so that they are one batch.
  private func inOneBatch<Value: Sendable>(
    _ server: RegistryUnderTest, _ commands: [@Sendable (Registry) async throws -> Value]
  ) async throws -> [Result<Value, any Error>] {
    let registry = server.registry
    await server.store.hold()
    let first = Task {
      try await registry.register(InstanceKey("first", "first"), Registration(["10.9.9.9"]))
    }
    await server.store.waitUntilHeld()
    var tasks: [Task<Value, any Error>] = []
    for command in commands {
      tasks.append(Task { try await command(registry) })
      while await registry.waitingCommands < tasks.count { await Task.yield() }
    }
    await server.store.release()
    _ = try await first.value
    var results: [Result<Value, any Error>] = []
    for task in tasks { results.append(await task.result) }
    return results
  }

  @Test func `a service that takes over an instance's name is answered at once`() async throws {
    for _ in 0..<20 {
      let server = try await RegistryUnderTest()
      _ = try await server.registry.register(InstanceKey("web", "a"), Registration(["10.0.0.1"]))
      let results = try await inOneBatch(
        server,
        [
          { @Sendable in try await $0.deregister(InstanceKey("web", "a")) },
          { @Sendable in
            _ = try await $0.register(InstanceKey("a.web", "x"), Registration(["10.0.0.2"]))
          },
        ])
      for result in results { try result.get() }
      #expect(try server.addresses("a.web") == ["10.0.0.2"])
      #expect(try server.ask("a.web", .srv).answer.count == 1)
      #expect(try server.ask("a.web", .txt).answer.isEmpty)
    }
  }

  @Test func `each reply shows what its own command did`() async throws {
    let server = try await RegistryUnderTest()
    let key = try InstanceKey("web", "a")
    let results = try await inOneBatch(
      server,
      [
        { @Sendable in try await $0.register(key, Registration(["10.0.0.1"])).instance.instance },
        { @Sendable in try await $0.register(key, Registration(["10.0.0.2"])).instance.instance },
        { @Sendable in
          try await $0.deregister(key)
          return try Instance(
            key: key, registration: Registration(["10.0.0.9"]), revision: 0, registeredAt: 0)
        },
      ])
    let first = try results[0].get()
    let second = try results[1].get()
    #expect(first.registration.addresses.map(\.description) == ["10.0.0.1"])
    #expect(second.registration.addresses.map(\.description) == ["10.0.0.2"])
    #expect(second.revision == first.revision + 1)
    _ = try results[2].get()
    #expect(try server.addresses("web").isEmpty)
    await #expect(throws: RegistryError.unknownInstance(key)) {
      try await server.registry.instance(key)
    }
  }

  @Test func `a service whose only instance goes and comes back is not empty`() async throws {
    let server = try await RegistryUnderTest()
    let key = try InstanceKey("web", "a")
    _ = try await server.registry.register(key, Registration(["10.0.0.1"], lease: nil))
    let results = try await inOneBatch(
      server,
      [
        { @Sendable in try await $0.deregister(key) },
        { @Sendable in _ = try await $0.register(key, Registration(["10.0.0.2"], lease: nil)) },
      ])
    for result in results { try result.get() }
    let stored = try await server.store.load().services.first { $0.name == key.service }
    #expect(stored?.emptySince == nil)
    await server.advance(by: 90_000)
    try await server.settle()
    #expect(try server.addresses("web") == ["10.0.0.2"])
  }

  @Test func `a service is forgotten a day after it was last empty, not after the first time`()
    async throws
  {
    let server = try await RegistryUnderTest()
    let key = try InstanceKey("web", "a")
    _ = try await server.registry.register(key, Registration(["10.0.0.1"], lease: nil))
    try await server.registry.deregister(key)
    await server.advance(by: 3_600)
    _ = try await server.registry.register(key, Registration(["10.0.0.1"], lease: nil))
    await server.advance(by: 22 * 3_600)
    try await server.registry.deregister(key)
    await server.advance(by: 23 * 3_600)
    try await server.settle()
    #expect(try server.ask("web", .a).code == .noError)
    await server.advance(by: 3_700)
    try await server.settle()
    #expect(try server.ask("web", .a).code == .nameError)
  }

  @Test func `a renewal that says passing wins over critical that is being committed`()
    async throws
  {
    let server = try await RegistryUnderTest()
    let key = try InstanceKey("web", "a")
    _ = try await server.registry.register(key, Registration(["10.0.0.1"]))
    let registry = server.registry
    await server.store.hold()
    let critical = Task { try await registry.renew(key, status: .critical) }
    await server.store.waitUntilHeld()
    let passing = Task { try await registry.renew(key, status: .passing) }
    while await registry.waitingCommands < 1 { await Task.yield() }
    await server.store.release()
    _ = try await critical.value
    #expect(try await passing.value.instance.registration.status == .passing)
    #expect(try server.addresses("web") == ["10.0.0.1"])
    #expect(try await server.restarted().addresses("web") == ["10.0.0.1"])
  }
}
