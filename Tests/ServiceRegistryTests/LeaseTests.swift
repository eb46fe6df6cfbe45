// When leases end, what TTLs say of it, and what a restart does to them.

import DNSWire
import ServiceRegistry
import TestSupport
import Testing

@Suite struct LeaseTests {
  @Test func `an instance leaves every answer when its lease ends`() async throws {
    let server = try await RegistryUnderTest()
    _ = try await server.registry.register(
      InstanceKey("web", "a"), Registration(["10.0.0.1"], tags: ["v1"], lease: 10))
    _ = try await server.registry.register(
      InstanceKey("web", "b"), Registration(["10.0.0.2"], lease: 20))
    await server.advance(by: 9.98)
    #expect(try server.addresses("web") == ["10.0.0.1", "10.0.0.2"])
    await server.advance(by: 0.02)
    #expect(try server.addresses("web") == ["10.0.0.2"])
    #expect(try server.ask("_web._tcp", .srv).answer.count == 1)
    #expect(try server.ask("a.web", .a).code == .nameError)
    #expect(try server.ask("v1.tag.web", .a).code == .noError)
    try await server.settle()
    let view = try await server.registry.service(ServiceName("web"))
    #expect(view.instances.map(\.instance.key.id.text) == ["b"])
    #expect(view.summary.revision == 3, "an expiry is a change with a revision")
  }

  @Test func `a renewal keeps an instance for another whole lease`() async throws {
    let server = try await RegistryUnderTest()
    let key = try InstanceKey("web", "a")
    _ = try await server.registry.register(key, Registration(["10.0.0.1"], lease: 10))
    for _ in 0..<5 {
      await server.advance(by: 9)
      _ = try await server.registry.renew(key, status: nil)
      #expect(try server.addresses("web") == ["10.0.0.1"])
    }
    await server.advance(by: 9.98)
    #expect(try server.addresses("web") == ["10.0.0.1"])
    await server.advance(by: 0.02)
    #expect(try server.addresses("web") == [])
    await #expect(throws: RegistryError.unknownInstance(key)) {
      try await server.registry.renew(key, status: nil)
    }
  }

  @Test func `no lease, no end`() async throws {
    let server = try await RegistryUnderTest()
    let reply = try await server.registry.register(
      InstanceKey("web", "a"), Registration(["10.0.0.1"], lease: nil))
    #expect(reply.instance.expiresAt == nil)
    await server.advance(by: 10_000_000)
    #expect(try server.addresses("web") == ["10.0.0.1"])
    #expect(try server.ask("web", .a).answer.ttls == [5])
  }

  @Test func `a TTL never reaches past the soonest lease end of the set`() async throws {
    let server = try await RegistryUnderTest()
    _ = try await server.registry.register(
      InstanceKey("web", "a"), Registration(["10.0.0.1"], lease: 4))
    _ = try await server.registry.register(
      InstanceKey("web", "b"), Registration(["10.0.0.2"], lease: 30))
    let steps: [(Double, UInt32)] = [(0, 4), (0.5, 3), (0.6, 2), (1.9, 1), (0.1, 0), (0.88, 0)]
    for (step, ttl) in steps {
      await server.advance(by: step)
      #expect(try server.ask("web", .a).answer.ttls == [ttl], "after \(step)")
      #expect(try server.ask("web", .srv).answer.ttls == [ttl])
      #expect(try server.ask("b.web", .a).answer.ttls == [5])
    }
    await server.advance(by: 0.02)
    #expect(try server.ask("web", .a).answer.ttls == [5])
  }

  @Test func `TTLs are exact however renewals and leases mix`() async throws {
    let server = try await RegistryUnderTest()
    var random = SeededRandom(seed: 11)
    var ends: [String: Double] = [:]
    let leases = ["a": 3, "b": 7, "c": 12, "d": 30]
    for (id, lease) in leases {
      _ = try await server.registry.register(
        InstanceKey("web", id), Registration(["10.0.0.\(id.utf8.first!)"], lease: lease))
      ends[id] = Double(lease)
    }
    var now = 0.0
    for _ in 0..<3_000 {
      let step = Double(Int.random(in: 1...30, using: &random)) / 50
      now += step
      await server.advance(by: step)
      ends = ends.filter { $0.value > now + 1e-9 }
      for (id, lease) in leases where Int.random(in: 0..<12, using: &random) == 0 {
        let key = try InstanceKey("web", id)
        if ends[id] != nil {
          _ = try await server.registry.renew(key, status: nil)
        } else {
          _ = try await server.registry.register(
            key, Registration(["10.0.0.\(id.utf8.first!)"], lease: lease))
        }
        ends[id] = now + Double(lease)
      }
      guard let soonest = ends.values.min() else { continue }
      let expected = UInt32(min(5, (soonest - now + 1e-6).rounded(.down)))
      #expect(try server.ask("web", .a).answer.ttls == [expected])
      for (id, end) in ends {
        let own = UInt32(min(5, (end - now + 1e-6).rounded(.down)))
        #expect(try server.ask("\(id).web", .a).answer.ttls == [own], "\(id) at \(now)")
      }
    }
  }

  @Test func `after a restart every lease runs its full length again`() async throws {
    let server = try await RegistryUnderTest()
    for number in 1...20 {
      _ = try await server.registry.register(
        InstanceKey("web", "w\(number)"), Registration(["10.0.0.\(number)"], lease: 10))
    }
    let serial = try server.serial()
    let revision = try await server.registry.service(ServiceName("web")).summary.revision
    server.clock.advance(by: 500)
    let again = try await server.restarted()
    #expect(try again.addresses("web").count == 20)
    #expect(try again.serial() > serial)
    await again.advance(by: 9.98)
    #expect(try again.addresses("web").count == 20)
    #expect(try await again.registry.service(ServiceName("web")).summary.revision == revision)
    await again.advance(by: 0.02)
    #expect(try again.addresses("web").isEmpty)
    let third = try await again.restarted()
    #expect(try third.serial() > again.serial())
  }
}
