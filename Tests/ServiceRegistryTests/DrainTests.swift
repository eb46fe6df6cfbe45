// What draining takes away at once, what it leaves, and until when.

import DNSWire
import ServiceRegistry
import TestSupport
import Testing

@Suite struct DrainTests {
  private let key: InstanceKey

  init() throws {
    key = try InstanceKey("web", "a")
  }

  /// `a` and `b` of `web`, both with the tag `v2` and a port `grpc`.
  private func makeServer(lease: Int? = 30) async throws -> RegistryUnderTest {
    let server = try await RegistryUnderTest()
    let ports = [NamedPort(name: try Label("grpc", kind: .port), port: 9_090, transport: .tcp)]
    for (id, address) in [("a", "10.0.0.1"), ("b", "10.0.0.2")] {
      _ = try await server.registry.register(
        InstanceKey("web", id),
        Registration([address], ports: ports, tags: ["v2"], lease: id == "a" ? lease : nil))
    }
    return server
  }

  @Test func `it leaves every set at once and keeps its own name`() async throws {
    let server = try await makeServer()
    let serial = try server.serial()
    let view = try await server.registry.drain(key)
    #expect(view.status == .draining)
    #expect(view.instance.revision == 3)
    #expect(view.instance.safeAt == server.clock.wall + 6_000, "a TTL of 5 s, and one more")
    #expect(try server.serial() == serial + 1)
    #expect(try server.addresses("web") == ["10.0.0.2"])
    #expect(try server.addresses("v2.tag.web") == ["10.0.0.2"])
    for name in ["web", "_web._tcp", "_grpc._tcp.web", "v2.tag.web"] {
      #expect(try server.ask(name, .srv).answer.count == 1, "\(name)")
    }
    #expect(try server.addresses("a.web") == ["10.0.0.1"])
    #expect(try server.ask("a.web", .srv).answer.count == 1)
    #expect(await server.registry.drainingCount == 1)
    let summary = try await server.registry.service(ServiceName("web")).summary
    #expect((summary.instanceCount, summary.liveCount) == (2, 1))
  }

  @Test(arguments: [nil, 30]) func `it is removed at the time that was told`(
    _ lease: Int?
  ) async throws {
    let server = try await makeServer(lease: lease)
    _ = try await server.registry.drain(key)
    await server.advance(by: 5.98)
    #expect(try server.addresses("a.web") == ["10.0.0.1"])
    await server.advance(by: 0.02)
    #expect(try server.ask("a.web", .a).code == .nameError)
    try await server.settle()
    #expect(await server.registry.drainingCount == 0)
    #expect(try await server.store.allInstances().map(\.key.id.text) == ["b"])
  }

  @Test func `its own name is not to be kept while it drains`() async throws {
    let server = try await makeServer()
    #expect(try server.ask("a.web", .a).answer.ttls == [5])
    _ = try await server.registry.drain(key)
    for type in [RecordType.a, .srv, .txt] {
      #expect(try server.ask("a.web", type).answer.ttls == [0], "\(type)")
    }
    #expect(try server.ask("web", .a).answer.ttls == [5])
    _ = try await server.registry.configure(
      ServiceName("web"), ServiceSettings(ttl: 7, maxAnswers: nil))
    #expect(try server.ask("a.web", .a).answer.ttls == [0])
    let again = try await server.restarted()
    #expect(try again.ask("a.web", .a).answer.ttls == [0])
    _ = try await again.registry.register(key, Registration(["10.0.0.1"]))
    #expect(try again.ask("a.web", .a).answer.ttls == [7])
  }

  @Test func `a lease that ends sooner ends the drain`() async throws {
    let server = try await makeServer(lease: 2)
    _ = try await server.registry.drain(key)
    await server.advance(by: 2)
    #expect(try server.ask("a.web", .a).code == .nameError)
  }

  @Test func `renewals keep it draining, also with another status, and don't make it longer`()
    async throws
  {
    let server = try await makeServer(lease: 4)
    let safeAt = try await server.registry.drain(key).instance.safeAt
    for status in [nil, InstanceStatus.warning, .critical, .passing] {
      await server.advance(by: 1)
      let view = try await server.registry.renew(key, status: status)
      #expect((view.status, view.instance.safeAt) == (.draining, safeAt))
      #expect(try server.addresses("web") == ["10.0.0.2"])
    }
    await server.advance(by: 1.98)
    #expect(try server.addresses("a.web") == ["10.0.0.1"])
    await server.advance(by: 0.02)
    #expect(try server.ask("a.web", .a).code == .nameError)
    await #expect(throws: RegistryError.unknownInstance(key)) {
      try await server.registry.renew(key, status: nil)
    }
  }

  @Test func `draining twice changes nothing`() async throws {
    let server = try await makeServer()
    let first = try await server.registry.drain(key).instance
    await server.advance(by: 1)
    let batches = await server.store.batches.count
    let second = try await server.registry.drain(key).instance
    #expect(second == first)
    #expect(await server.store.batches.count == batches)
  }

  @Test func `a registration ends it, also one that says the same again`() async throws {
    let server = try await makeServer()
    let stored = try await server.registry.instance(key).instance
    _ = try await server.registry.drain(key)
    let reply = try await server.registry.register(key, stored.registration)
    #expect(!reply.isNew)
    #expect(reply.instance.status == .passing)
    #expect(reply.instance.instance.revision == 4, "it is a change")
    #expect(try server.addresses("web") == ["10.0.0.1", "10.0.0.2"])
    await server.advance(by: 7)
    #expect(try server.addresses("web") == ["10.0.0.1", "10.0.0.2"])
    #expect(await server.registry.drainingCount == 0)
    #expect(try await server.restarted().addresses("web") == ["10.0.0.1", "10.0.0.2"])
  }

  @Test func `one that is in no set has the same time, and changes nothing that is answered`()
    async throws
  {
    let server = try await makeServer()
    _ = try await server.registry.renew(key, status: .critical)
    let serial = try server.serial()
    let view = try await server.registry.drain(key)
    #expect(view.instance.safeAt == server.clock.wall + 6_000)
    #expect(try server.serial() == serial)
  }

  @Test func `what is not there can't be drained`() async throws {
    let server = try await RegistryUnderTest()
    await #expect(throws: RegistryError.unknownInstance(key)) {
      try await server.registry.drain(key)
    }
  }

  @Test func `it goes on after a restart, until the same time`() async throws {
    let server = try await makeServer()
    let safeAt = try await server.registry.drain(key).instance.safeAt
    await server.advance(by: 4)
    let again = try await server.restarted()
    let view = try await again.registry.instance(key)
    #expect((view.status, view.instance.safeAt) == (.draining, safeAt))
    #expect(try again.addresses("web") == ["10.0.0.2"])
    #expect(await again.registry.drainingCount == 1)
    await again.advance(by: 1.98)
    #expect(try again.addresses("a.web") == ["10.0.0.1"])
    await again.advance(by: 0.02)
    #expect(try again.ask("a.web", .a).code == .nameError)
    try await again.settle()
    #expect(try await server.store.allInstances().count == 1)
  }

  @Test func `one whose time has come while nothing ran is removed at the start`() async throws {
    let server = try await makeServer(lease: nil)
    _ = try await server.registry.drain(key)
    server.clock.advance(by: 60)
    let again = try await server.restarted()
    await again.advance(by: 0.02)
    #expect(try again.ask("a.web", .a).code == .nameError)
  }

  @Test(arguments: [-86_400, 86_400] as [Int64])
  func `a step of the wall clock does not move it`(_ step: Int64) async throws {
    let server = try await makeServer(lease: nil)
    _ = try await server.registry.drain(key)
    server.clock.stepWall(by: step)
    await server.advance(by: 5.98)
    #expect(try server.addresses("a.web") == ["10.0.0.1"])
    await server.advance(by: 0.02)
    #expect(try server.ask("a.web", .a).code == .nameError)
  }

  @Test func `a wall clock that was set back before a restart makes it no longer than whole`()
    async throws
  {
    let server = try await makeServer(lease: nil)
    _ = try await server.registry.drain(key)
    server.clock.stepWall(by: -86_400)
    let again = try await server.restarted()
    await again.advance(by: 5.98)
    #expect(try again.addresses("a.web") == ["10.0.0.1"])
    await again.advance(by: 0.02)
    #expect(try again.ask("a.web", .a).code == .nameError)
  }

  @Test func `a commit that takes long does not shorten it: sets had the instance until then`()
    async throws
  {
    let server = try await makeServer(lease: nil)
    let registry = server.registry
    await server.store.hold()
    let drain = Task { try await registry.drain(key) }
    await server.store.waitUntilHeld()
    await server.advance(by: 20)
    #expect(try server.addresses("web") == ["10.0.0.1", "10.0.0.2"])
    await server.store.release()
    #expect(try await drain.value.instance.safeAt == server.clock.wall + 6_000)
    await server.advance(by: 5)
    #expect(try server.addresses("a.web") == ["10.0.0.1"])
    await server.advance(by: 1)
    #expect(try server.ask("a.web", .a).code == .nameError)
  }

  @Test(arguments: [MemoryStore.Fate.refused, .lostInDoubt, .keptInSilence])
  func `when it can't be stored, the instance stays in its sets`(
    _ fate: MemoryStore.Fate
  ) async throws {
    let server = try await makeServer()
    await server.store.setNext([fate])
    await #expect {
      try await server.registry.drain(key)
    } throws: { error in
      guard case .notCommitted(_, let isUnknown)? = error as? RegistryError else { return false }
      return isUnknown == (fate != .refused)
    }
    #expect(try server.addresses("web") == ["10.0.0.1", "10.0.0.2"])
    // The doubt is settled by the next change.
    _ = try await server.registry.register(InstanceKey("web", "c"), Registration(["10.0.0.3"]))
    let again = try await server.restarted()
    #expect(try again.addresses("web") == ["10.0.0.1", "10.0.0.2", "10.0.0.3"])
  }

  @Test func `it is removed at its time also while the store fails`() async throws {
    let server = try await makeServer()
    _ = try await server.registry.drain(key)
    await server.store.setStanding(.refused)
    await server.advance(by: 6)
    #expect(try server.ask("a.web", .a).code == .nameError)
    try await server.settle()
    await server.store.setStanding(.kept)
    await server.advance(by: 1)
    try await server.settle()
    #expect(try await server.store.allInstances().count == 1)
  }

  @Test func `many at once: renewals keep them draining, registrations end it`() async throws {
    let server = try await makeServer()
    let registration = try await server.registry.instance(key).instance.registration
    _ = try await server.registry.drain(key)
    let renewed = try await server.registry.renew([(key, nil), (key, .warning)])
    #expect(try renewed.map { try $0.get().revision } == [3, 4])
    #expect(try server.addresses("web") == ["10.0.0.2"])
    let replies = try await server.registry.register([(key, registration)])
    #expect(try replies[0].get().isNew == false)
    #expect(try server.addresses("web") == ["10.0.0.1", "10.0.0.2"])
  }
}
