// Waiting for the end of a drain.

import DNSWire
import ServiceRegistry
import TestSupport
import Testing

@Suite struct DrainWaitTests {
  private let key: InstanceKey

  init() throws {
    key = try InstanceKey("web", "a")
  }

  /// A task that waits for the end of `a`'s drain.
  private func waiting(
    _ server: RegistryUnderTest, registering: Bool = true
  ) async throws -> Task<DrainEnd, any Error> {
    let registry = server.registry
    if registering {
      _ = try await registry.register(key, Registration(["10.0.0.1"], lease: nil))
    }
    let task = Task { try await registry.drainAndWait(key).1 }
    while await !registry.hasDrainWaiters { await Task.yield() }
    return task
  }

  @Test func `it ends when the instance is in no answer any more`() async throws {
    let server = try await RegistryUnderTest()
    let task = try await waiting(server)
    await server.advance(by: 5.98)
    #expect(await server.registry.waitingDrains == 1)
    await server.advance(by: 0.02)
    #expect(try await task.value == .removed)
    #expect(try server.ask("a.web", .a).code == .nameError)
    #expect(await server.registry.waitingDrains == 0)
  }

  @Test func `it ends at that time also while the store fails`() async throws {
    let server = try await RegistryUnderTest()
    let task = try await waiting(server)
    await server.store.setStanding(.refused)
    await server.advance(by: 6)
    #expect(try await task.value == .removed)
  }

  @Test func `it ends when somebody removes the instance`() async throws {
    let server = try await RegistryUnderTest()
    let task = try await waiting(server)
    try await server.registry.deregister(key)
    #expect(try await task.value == .removed)
  }

  @Test func `it ends when the instance is registered anew`() async throws {
    let server = try await RegistryUnderTest()
    let task = try await waiting(server)
    _ = try await server.registry.register(key, Registration(["10.0.0.1"], lease: nil))
    #expect(try await task.value == .registered)
  }

  @Test func `who waits no longer leaves nothing behind, and the drain goes on`() async throws {
    let server = try await RegistryUnderTest()
    let task = try await waiting(server)
    task.cancel()
    #expect(try await task.value == .abandoned)
    #expect(await !server.registry.hasDrainWaiters)
    await server.advance(by: 6)
    #expect(try server.ask("a.web", .a).code == .nameError)
  }

  @Test func `several may wait for one, up to a limit, and then nothing is changed`() async throws {
    let server = try await RegistryUnderTest()
    let registry = server.registry
    var tasks = [try await waiting(server)]
    for count in 2...RegistryLimits.waitingDrains {
      tasks.append(Task { try await registry.drainAndWait(key).1 })
      while await registry.waitingDrains < count { await Task.yield() }
    }
    let other = try InstanceKey("web", "b")
    _ = try await registry.register(other, Registration(["10.0.0.2"]))
    await #expect(throws: RegistryError.tooManyWaiting(limit: RegistryLimits.waitingDrains)) {
      try await registry.drainAndWait(other)
    }
    #expect(try server.addresses("web") == ["10.0.0.2"])
    try await registry.deregister(key)
    for task in tasks { #expect(try await task.value == .removed) }
    #expect(await registry.waitingDrains == 0)
  }

  @Test func `what is not there can't be waited for`() async throws {
    let server = try await RegistryUnderTest()
    await #expect(throws: RegistryError.unknownInstance(key)) {
      try await server.registry.drainAndWait(key)
    }
    #expect(await server.registry.waitingDrains == 0)
  }
}
