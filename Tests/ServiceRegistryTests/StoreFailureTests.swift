// DNS outlives the store: what a commit that fails or hangs does, and what it does not do.

import DNSWire
import ServiceRegistry
import TestSupport
import Testing

@Suite struct StoreFailureTests {
  @Test(arguments: [MemoryStore.Fate.refused, .lostInDoubt, .keptInSilence])
  func `a commit that fails changes nothing and says whether it may be on disk`(
    _ fate: MemoryStore.Fate
  ) async throws {
    let attempts: [@Sendable (Registry) async throws -> Void] = [
      { _ = try await $0.register(InstanceKey("web", "b"), Registration(["10.0.0.2"])) },
      { try await $0.deregister(InstanceKey("web", "a")) },
      { _ = try await $0.renew(InstanceKey("web", "a"), status: .critical) },
    ]
    for attempt in attempts {
      let server = try await RegistryUnderTest()
      _ = try await server.registry.register(InstanceKey("web", "a"), Registration(["10.0.0.1"]))
      let serial = try server.serial()
      await server.store.setNext([fate])
      await #expect {
        try await attempt(server.registry)
      } throws: { error in
        error as? RegistryError
          == .notCommitted(
            reason: fate == .refused ? "disk full" : "input/output error",
            isOutcomeUnknown: fate != .refused)
      }
      #expect(try server.addresses("web") == ["10.0.0.1"])
      #expect(try server.serial() == serial)
      _ = try await server.registry.register(InstanceKey("web", "c"), Registration(["10.0.0.3"]))
      #expect(try server.addresses("web") == ["10.0.0.1", "10.0.0.3"])
      #expect(try await server.restarted().addresses("web") == ["10.0.0.1", "10.0.0.3"])
    }
  }

  @Test func `while a doubt can't be settled nothing else is committed`() async throws {
    let server = try await RegistryUnderTest()
    _ = try await server.registry.register(InstanceKey("web", "a"), Registration(["10.0.0.1"]))
    await server.store.setNext([.keptInSilence])
    _ = try? await server.registry.register(InstanceKey("x.web", "b"), Registration(["10.0.0.2"]))
    let batches = await server.store.batches.count
    await server.store.setNext([.refused])
    for _ in 1...2 {
      await #expect(
        throws: RegistryError.notCommitted(reason: "disk full", isOutcomeUnknown: false)
      ) {
        try await server.registry.register(InstanceKey("web", "x"), Registration(["10.0.0.3"]))
      }
    }
    #expect(await server.registry.storeFailure == "disk full")
    #expect(await server.registry.storeCounters.failedReplacements == 1, "one a second")
    #expect(await server.store.batches.count == batches)
    // The name is free: nobody was told that the service has it.
    await server.advance(by: 1)
    _ = try await server.registry.register(InstanceKey("web", "x"), Registration(["10.0.0.3"]))
    #expect(await server.registry.storeFailure == nil)
    #expect(await server.registry.storeCounters.replacements == 1)
    let again = try await server.restarted()
    #expect(try again.addresses("x.web") == ["10.0.0.3"])
    #expect(await again.registry.serviceNames().map(\.text) == ["web"])
  }

  @Test func `what is in doubt is not confirmed, and a renewal of all else is`() async throws {
    let server = try await RegistryUnderTest()
    let registration = try Registration(["10.0.0.1"])
    let other = try InstanceKey("web", "other")
    let doubtful = try InstanceKey("web", "doubtful")
    _ = try await server.registry.register(other, registration)
    _ = try await server.registry.register(doubtful, registration)
    await server.store.setStanding(.lostInDoubt)
    _ = try? await server.registry.renew(doubtful, status: .critical)
    #expect(try await !server.registry.register(other, registration).isNew)
    _ = try await server.registry.renew(other, status: .passing)
    // After a crash they might be critical.
    await #expect(throws: RegistryError.self) {
      try await server.registry.register(doubtful, registration)
    }
    await #expect(throws: RegistryError.self) {
      try await server.registry.renew(doubtful, status: .passing)
    }
    await server.store.setStanding(.kept)
    await server.advance(by: 1)
    _ = try await server.registry.renew(doubtful, status: .passing)
  }

  @Test func `instances are not confirmed while their service's removal is in doubt`() async throws
  {
    let server = try await RegistryUnderTest()
    let registration = try Registration(["10.0.0.1"])
    let key = try InstanceKey("web", "a")
    let other = try InstanceKey("api", "a")
    _ = try await server.registry.register(key, registration)
    _ = try await server.registry.register(other, registration)
    await server.store.setStanding(.lostInDoubt)
    await #expect(throws: RegistryError.self) { try await server.registry.remove(key.service) }
    #expect(try server.addresses("web") == ["10.0.0.1"])
    // After a crash it might be gone.
    await #expect(throws: RegistryError.self) {
      try await server.registry.register(key, registration)
    }
    #expect(try await !server.registry.register(other, registration).isNew)
    await server.store.setStanding(.kept)
    await server.advance(by: 1)
    #expect(try await !server.registry.register(key, registration).isNew)
    #expect(try await server.restarted().addresses("web") == ["10.0.0.1"])
  }

  @Test func `a service whose first registration is in doubt is not said to be unknown`()
    async throws
  {
    let server = try await RegistryUnderTest()
    let key = try InstanceKey("web", "a")
    await server.store.setNext([.keptInSilence, .refused])
    _ = try? await server.registry.register(key, Registration(["10.0.0.1"]))
    await #expect(
      throws: RegistryError.notCommitted(reason: "disk full", isOutcomeUnknown: false)
    ) {
      try await server.registry.remove(key.service)
    }
    // After a crash it is there.
    #expect(try await server.restarted().addresses("web") == ["10.0.0.1"])
  }

  @Test func `what failed together is not told as if its first part had succeeded`() async throws {
    let server = try await RegistryUnderTest()
    let registry = server.registry
    let key = try InstanceKey("web", "a")
    _ = try await registry.register(key, Registration(["10.0.0.1"]))
    await server.store.hold()
    let first = Task {
      try await registry.register(InstanceKey("web", "first"), Registration(["10.0.1.1"]))
    }
    await server.store.waitUntilHeld()
    let removals = (1...2).map { _ in Task { try await registry.deregister(key) } }
    while await registry.waitingCommands < 2 { await Task.yield() }
    await server.store.setNext([.kept, .refused])
    await server.store.release()
    _ = try await first.value
    for removal in removals {
      await #expect(
        throws: RegistryError.notCommitted(reason: "disk full", isOutcomeUnknown: false)
      ) {
        try await removal.value
      }
    }
    #expect(try server.addresses("web") == ["10.0.0.1", "10.0.1.1"])
  }

  @Test(arguments: [MemoryStore.Fate.refused, .lostInDoubt])
  func `a store that works again is noticed though nobody wants a change`(
    _ fate: MemoryStore.Fate
  ) async throws {
    let server = try await RegistryUnderTest()
    let before = await server.registry.storeCounters
    await server.store.setStanding(fate)
    _ = try? await server.registry.register(InstanceKey("web", "a"), Registration(["10.0.0.1"]))
    #expect(await server.registry.storeFailure != nil)
    #expect(await server.registry.storeCounters.failedCommits == before.failedCommits + 1)
    await server.advance(by: 1)
    try await server.settle()
    #expect(await server.registry.storeFailure != nil)
    await server.store.setStanding(.kept)
    await server.advance(by: 1)
    try await server.settle()
    #expect(await server.registry.storeFailure == nil)
    #expect(try await server.store.allInstances().isEmpty)
  }

  @Test func `leases end while all is written anew`() async throws {
    let server = try await RegistryUnderTest()
    _ = try await server.registry.register(
      InstanceKey("web", "a"), Registration(["10.0.0.1"], lease: 2))
    _ = try await server.registry.register(InstanceKey("web", "b"), Registration(["10.0.0.2"]))
    await server.store.setNext([.lostInDoubt])
    _ = try? await server.registry.deregister(InstanceKey("web", "b"))
    await server.store.hold()
    let registry = server.registry
    let waiting = Task { try await registry.deregister(InstanceKey("web", "b")) }
    await server.store.waitUntilHeld()
    await server.advance(by: 2)
    #expect(try server.addresses("web") == ["10.0.0.2"])
    await server.store.release()
    try await waiting.value
    #expect(try server.addresses("web") == [])
    try await server.settle()
    #expect(try await server.store.allInstances().isEmpty)
  }

  @Test func `revisions are not used twice, also after a commit in doubt`() async throws {
    let server = try await RegistryUnderTest()
    let first = try await server.registry.register(
      InstanceKey("web", "a"), Registration(["10.0.0.1"]))
    await server.store.setNext([.keptInSilence])
    _ = try? await server.registry.register(InstanceKey("web", "b"), Registration(["10.0.0.2"]))
    let second = try await server.registry.register(
      InstanceKey("web", "c"), Registration(["10.0.0.3"]))
    #expect(second.instance.instance.revision > first.instance.instance.revision + 1)
    let again = try await server.restarted()
    let next = try await again.registry.register(
      InstanceKey("web", "d"), Registration(["10.0.0.4"]))
    #expect(next.instance.instance.revision > second.instance.instance.revision)
  }

  @Test func `leases end while the store fails, and their removal is stored later`() async throws {
    let server = try await RegistryUnderTest()
    _ = try await server.registry.register(
      InstanceKey("web", "a"), Registration(["10.0.0.1"], lease: 2))
    await server.store.setStanding(.refused)
    await server.advance(by: 2)
    #expect(try server.addresses("web") == [])
    try await server.settle()
    #expect(try await server.store.allInstances().count == 1)
    await server.store.setStanding(.kept)
    await server.advance(by: 1)
    try await server.settle()
    #expect(try await server.store.allInstances().isEmpty)
  }

  @Test func `leases end and renewals succeed while a commit hangs`() async throws {
    let server = try await RegistryUnderTest()
    let kept = try InstanceKey("web", "kept")
    _ = try await server.registry.register(
      InstanceKey("web", "a"), Registration(["10.0.0.1"], lease: 2))
    _ = try await server.registry.register(kept, Registration(["10.0.0.2"], lease: 3))
    await server.store.hold()
    let registry = server.registry
    let hanging = Task {
      try await registry.register(InstanceKey("web", "b"), Registration(["10.0.0.3"]))
    }
    await server.store.waitUntilHeld()
    await server.advance(by: 2)
    #expect(try server.addresses("web") == ["10.0.0.2"], "nothing uncommitted is answered")
    _ = try await server.registry.renew(kept, status: nil)
    await server.advance(by: 2)
    #expect(try server.addresses("web") == ["10.0.0.2"])
    await server.store.release()
    _ = try await hanging.value
    #expect(try server.addresses("web") == ["10.0.0.2", "10.0.0.3"])
  }

  @Test func `an instance that comes back while its removal hangs is kept`() async throws {
    let server = try await RegistryUnderTest()
    let key = try InstanceKey("web", "a")
    _ = try await server.registry.register(key, Registration(["10.0.0.1"], lease: 2))
    await server.store.setStanding(.refused)
    await server.advance(by: 2)
    try await server.settle()
    await server.store.setStanding(.kept)
    let reply = try await server.registry.register(key, Registration(["10.0.0.1"], lease: 2))
    #expect(reply.isNew)
    #expect(try server.addresses("web") == ["10.0.0.1"])
    await server.advance(by: 1.5)
    try await server.settle()
    #expect(try server.addresses("web") == ["10.0.0.1"])
    #expect(try await server.restarted().addresses("web") == ["10.0.0.1"])
  }

  @Test func `many commands at once are one commit`() async throws {
    let server = try await RegistryUnderTest()
    await server.store.hold()
    let registry = server.registry
    let first = Task {
      try await registry.register(InstanceKey("web", "first"), Registration(["10.0.1.1"]))
    }
    await server.store.waitUntilHeld()
    let before = await server.store.batches.count
    let others = (1...100).map { number in
      Task {
        try await registry.register(
          InstanceKey("web", "w\(number)"), Registration(["10.0.0.\(number)"]))
      }
    }
    while await registry.waitingCommands < 100 { await Task.yield() }
    await server.store.release()
    _ = try await first.value
    var revisions: Set<UInt64> = []
    for other in others { revisions.insert(try await other.value.instance.instance.revision) }
    #expect(revisions.count == 100)
    #expect(await server.store.batches.count == before + 2)
    #expect(try server.addresses("web").count == 101)
  }

  @Test func `a full inbox refuses, and what it took is carried out`() async throws {
    let server = try await RegistryUnderTest()
    await server.store.hold()
    let registry = server.registry
    let first = Task {
      try await registry.register(InstanceKey("web", "first"), Registration(["10.0.1.1"]))
    }
    await server.store.waitUntilHeld()
    let key = try InstanceKey("web", "nobody")
    let waiting = (0..<RegistryLimits.waitingCommands).map { _ in
      Task { try await registry.deregister(key) }
    }
    while await registry.waitingCommands < RegistryLimits.waitingCommands { await Task.yield() }
    await #expect(throws: RegistryError.busy) { try await registry.deregister(key) }
    await server.store.release()
    _ = try await first.value
    for task in waiting {
      await #expect(throws: RegistryError.unknownInstance(key)) { try await task.value }
    }
  }
}
