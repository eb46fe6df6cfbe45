// Which instances have an address: reverse zones of registered addresses.

import DNSWire
import DNSZone
import ServiceRegistry
import TestSupport
import Testing

@Suite("Reverse zones") struct ReverseZoneTests {
  private static let address = "1.0.0.10.in-addr.arpa."
  private static let zones = ["10.in-addr.arpa.", "d.f.ip6.arpa."]

  private func site() async throws -> RegistryUnderTest {
    let server = try await RegistryUnderTest(reverse: Self.zones)
    for (service, id, addresses) in [
      ("web", "a", ["10.0.0.1", "fd00::1"]), ("api", "b", ["10.0.0.1", "192.0.2.1"]),
    ] {
      _ = try await server.registry.register(
        InstanceKey(service, id), Registration(addresses, lease: id == "a" ? 20 : nil))
    }
    return server
  }

  private func pointers(_ server: RegistryUnderTest, _ name: String = address) throws -> [String] {
    try server.ask(name, .ptr).answer.values.sorted()
  }

  @Test("an address in one of the zones leads to all live instances that have it")
  func addresses() async throws {
    let server = try await site()
    #expect(try pointers(server) == ["a.web.mesh.internal.", "b.api.mesh.internal."])
    let v6 = "1." + String(repeating: "0.", count: 28) + "0.d.f.ip6.arpa."
    #expect(try pointers(server, v6) == ["a.web.mesh.internal."])
    #expect(try server.ask("2.0.0.10.in-addr.arpa.", .ptr).code == .nameError)
    #expect(try server.ask("0.0.10.in-addr.arpa.", .ptr).code == .noError)
    #expect(try server.ask("1.2.0.192.in-addr.arpa.", .ptr).code == .refused)
  }

  @Test("the zone has SOA and NS of the service zone, with the same serial")
  func apex() async throws {
    let server = try await site()
    let soa = try server.ask("10.in-addr.arpa.", .soa)
    #expect(soa.answer.values == (try server.ask("mesh.internal.", .soa)).answer.values)
    #expect(try server.ask("10.in-addr.arpa.", .ns).answer.values == ["ns.mesh.internal."])
  }

  @Test("who drains, is critical, or has ended is not answered, and a TTL ends with the lease")
  func liveness() async throws {
    let server = try await site()
    let both = ["a.web.mesh.internal.", "b.api.mesh.internal."]
    _ = try await server.registry.renew(InstanceKey("api", "b"), status: .critical)
    #expect(try pointers(server) == [both[0]])
    _ = try await server.registry.renew(InstanceKey("api", "b"), status: .passing)
    #expect(try pointers(server) == both)
    server.clock.advance(by: 17)
    #expect(try server.ask(Self.address, .ptr).answer.ttls == [3])
    server.clock.advance(by: 3)
    #expect(try pointers(server) == [both[1]])
    await server.registry.tick()
    try await server.settle()
    #expect(try pointers(server) == [both[1]])
    _ = try await server.registry.drain(InstanceKey("api", "b"))
    #expect(try server.ask(Self.address, .ptr).code == .nameError)
  }

  @Test("another address is another name, and a service that is removed leaves none")
  func changes() async throws {
    let server = try await site()
    _ = try await server.registry.register(
      InstanceKey("web", "a"), Registration(["10.0.0.9"], lease: nil))
    #expect(try pointers(server) == ["b.api.mesh.internal."])
    #expect(try pointers(server, "9.0.0.10.in-addr.arpa.") == ["a.web.mesh.internal."])
    try await server.registry.remove(ServiceName("web"))
    #expect(try server.ask("9.0.0.10.in-addr.arpa.", .ptr).code == .nameError)
  }

  @Test("an answer holds so many instances of an address; when one goes, another comes in")
  func limit() async throws {
    let server = try await RegistryUnderTest(reverse: Self.zones)
    let limit = RegistryLimits.reverseInstances
    for number in 0...limit {
      _ = try await server.registry.register(
        InstanceKey("web", "i\(number)"), Registration(["10.0.0.1"], lease: nil))
    }
    #expect(try pointers(server).count == limit)
    try await server.registry.deregister(InstanceKey("web", "i0"))
    let list = try pointers(server)
    #expect(list.count == limit && list.contains("i\(limit).web.mesh.internal."))
  }

  @Test("a reload of zone files leaves the zones and what is in them")
  func reload() async throws {
    let server = try await site()
    let apex = ZoneUnderTest.name("mesh.internal.")
    let text = RegistryUnderTest.staticZone.replacing("@ 60 IN NS ns", with: "@ 60 IN NS other")
    let records = ZoneText(text, origin: apex).records
    _ = try await server.reload(
      StaticZones(contents: [.init(apex: apex, records: records)], kept: []))
    #expect(try pointers(server).count == 2)
    #expect(try server.ask("10.in-addr.arpa.", .ns).answer.values == ["other.mesh.internal."])
  }
}
