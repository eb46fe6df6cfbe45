// Leases that end in a mass: what is held, until when, and what answers say of it.

import DNSWire
import ServiceRegistry
import TestSupport
import Testing

@Suite struct BrakeTests {
  private static let staleAnswer: UInt16 = 3

  /// Half of a service may expire in ten seconds; the rest is held for twenty.
  private func makeServer(
    share: Int? = 50, minimum: Int = 4, instances: Int, lease: Int? = 5
  ) async throws -> RegistryUnderTest {
    var settings = RegistrySettings()
    settings.brake.share = share
    settings.brake.windowSeconds = 10
    settings.brake.holdSeconds = 20
    settings.brake.minimum = minimum
    let server = try await RegistryUnderTest(settings: settings)
    for number in 1...instances {
      _ = try await server.registry.register(
        InstanceKey("web", "w\(number)"), Registration(["10.0.0.\(number)"], lease: lease))
    }
    return server
  }

  /// As the running server does, a tick every 20 ms.
  private func advance(_ server: RegistryUnderTest, by seconds: Double) async {
    for _ in 0..<Int((seconds / 0.02).rounded()) { await server.advance(by: 0.02) }
  }

  @Test func `a set share expires, the rest is held and then goes, and answers say so`()
    async throws
  {
    let server = try await makeServer(instances: 10)
    await advance(server, by: 4.8)
    #expect(try server.addresses("web").count == 10)
    #expect(try server.ask("web", .a, hasEDNS: true).extendedError == nil)
    await advance(server, by: 0.2)
    try await server.settle()
    #expect(try server.addresses("web").count == 5)
    #expect(await (server.registry.heldCount, server.registry.holds) == (5, 5))
    for (name, type) in [("web", RecordType.a), ("web", .srv), ("_web._tcp", .srv), ("web", .any)] {
      let reply = try server.ask(name, type, hasEDNS: true)
      #expect(reply.extendedError == Self.staleAnswer, "\(name) \(type)")
      #expect(reply.code == .noError && reply.answer.ttls == [5])
    }
    #expect(try server.ask("web", .a).opt == nil, "without EDNS there is no place for it")
    #expect(try server.ask("web", .aaaa, hasEDNS: true).extendedError == nil)
    await advance(server, by: 18)
    #expect(try server.ask("web", .a).answer.ttls == [2], "not past the end of the hold")
    await advance(server, by: 1.98)
    #expect(try server.addresses("web").count == 5)
    await advance(server, by: 0.02)
    #expect(try server.addresses("web").isEmpty)
    try await server.settle()
    #expect(await server.registry.heldCount == 0)
    #expect(try await server.store.allInstances().isEmpty)
  }

  @Test func `one that is held and renews is as any other`() async throws {
    let server = try await makeServer(instances: 10)
    await advance(server, by: 6)
    #expect(await server.registry.heldCount == 5)
    for view in try await server.registry.service(ServiceName("web")).instances {
      _ = try await server.registry.renew(view.instance.key, status: nil)
    }
    #expect(await server.registry.heldCount == 0)
    let reply = try server.ask("web", .a, hasEDNS: true)
    #expect(reply.answer.count == 5 && reply.extendedError == nil)
    #expect(reply.answer.ttls == [5])
    await advance(server, by: 5)
    #expect(try server.addresses("web").count == 5, "five of ten are still within the window")
  }

  @Test func `an instance that is held is answered without a gap`() async throws {
    let server = try await makeServer(instances: 10)
    for _ in 0..<300 {
      await server.advance(by: 0.02)
      #expect(try server.addresses("web").count >= 5)
    }
  }

  @Test func `a tick that comes late brings back what is to be held`() async throws {
    let server = try await makeServer(instances: 10)
    server.clock.advance(by: 6)
    #expect(try server.addresses("web").isEmpty, "whoever would decide it has not had a turn")
    await server.registry.tick()
    #expect(try server.addresses("web").count == 5)
  }

  @Test func `what expires one by one over more than the window is not held`() async throws {
    let server = try await makeServer(instances: 1, lease: 1)
    for number in 2...10 {
      _ = try await server.registry.register(
        InstanceKey("web", "w\(number)"),
        Registration(["10.0.0.\(number)"], lease: number * 3))
    }
    await advance(server, by: 12)
    #expect(await server.registry.holds == 0)
  }

  @Test(arguments: [nil, 100])
  func `without a brake, or one that allows all, all leave at their lease's end`(
    _ share: Int?
  ) async throws {
    let server = try await makeServer(share: share, instances: 10)
    await advance(server, by: 4.98)
    #expect(try server.addresses("web").count == 10)
    await server.advance(by: 0.02)
    #expect(try server.addresses("web").isEmpty)
    #expect(await server.registry.holds == 0)
  }

  @Test func `a small service is not braked, and one instance alone never`() async throws {
    for (minimum, instances) in [(4, 3), (1, 1)] {
      let server = try await makeServer(share: 10, minimum: minimum, instances: instances)
      await advance(server, by: 5)
      #expect(try server.addresses("web").isEmpty)
    }
  }

  @Test func `what is removed while it is held is gone, and counts no more`() async throws {
    let server = try await makeServer(instances: 10)
    await advance(server, by: 5)
    try await server.settle()
    let keys = try await server.registry.service(ServiceName("web")).instances.map(\.instance.key)
    try await server.registry.deregister(keys[0])
    _ = try await server.registry.drain(keys[1])
    #expect(await server.registry.heldCount == 3)
    #expect(try server.addresses("web").count == 3)
    _ = try await server.registry.register(keys[2], Registration(["10.0.0.99"], lease: nil))
    #expect(await server.registry.heldCount == 2)
    try await server.registry.remove(ServiceName("web"))
    #expect(await server.registry.heldCount == 0)
    #expect(try server.ask("web", .a).code == .nameError)
  }

  @Test func `a drain ends at its time, whatever else ends then`() async throws {
    let server = try await makeServer(instances: 10, lease: nil)
    for number in 1...10 {
      _ = try await server.registry.drain(InstanceKey("web", "w\(number)"))
    }
    await advance(server, by: 6)
    #expect(try server.ask("w1.web", .a).code == .nameError)
    #expect(await server.registry.holds == 0)
  }

  @Test func `other services are not held`() async throws {
    let server = try await makeServer(instances: 10)
    _ = try await server.registry.register(
      InstanceKey("api", "a"), Registration(["10.1.0.1"], lease: 5))
    await advance(server, by: 5)
    #expect(try server.addresses("api").isEmpty)
    #expect(await server.registry.heldCount == 5)
  }
}
