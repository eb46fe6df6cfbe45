// Registering, renewing and deregistering, seen over DNS.

import DNSWire
import ServiceRegistry
import TestSupport
import Testing

@Suite struct RegistrationTests {
  @Test func `a registration is in DNS when its reply arrives`() async throws {
    let server = try await RegistryUnderTest()
    for number in 1...50 {
      let address = "10.0.0.\(number)"
      let reply = try await server.registry.register(
        InstanceKey("web", "web-\(number)"), Registration([address]))
      #expect(reply.isNew)
      #expect(try server.addresses("web").contains(address))
      #expect(try server.addresses("web-\(number).web") == [address])
    }
  }

  @Test func `every owner name of the table answers`() async throws {
    let server = try await RegistryUnderTest()
    let grpc = NamedPort(
      name: try Label("grpc", kind: .port, limit: 62), port: 9090, transport: .udp)
    _ = try await server.registry.register(
      InstanceKey("Web.Prod", "A1"),
      Registration(
        ["10.0.0.1", "fd00::1"], ports: [grpc], weight: 3, priority: 2, tags: ["v2"],
        metadata: ["version": "1.2", "a": ""]))
    let host = "a1.web.prod.mesh.internal."
    #expect(try server.addresses("web.prod") == ["10.0.0.1"])
    #expect(try server.addresses("web.prod", .aaaa) == ["fd00::1"])
    #expect(try server.addresses("a1.web.prod", .aaaa) == ["fd00::1"])
    #expect(try server.addresses("v2.tag.web.prod") == ["10.0.0.1"])
    for name in ["web.prod", "_web._tcp.prod", "a1.web.prod", "v2.tag.web.prod"] {
      let reply = try server.ask(name, .srv)
      #expect(reply.answer.values == ["2 3 8080 \(host)"], "\(name)")
      #expect(
        reply.additional == RecordSection("\(host) 5 IN A 10.0.0.1\n\(host) 5 IN AAAA fd00::1"))
    }
    #expect(try server.ask("_grpc._udp.web.prod", .srv).answer.values == ["2 3 9090 \(host)"])
    #expect(try server.ask("a1.web.prod", .txt).answer.values == ["\"a=\" \"version=1.2\""])
    #expect(try server.ask("tag.web.prod", .a).code == .noError)
    #expect(try server.ask("_web._udp.prod", .srv).code == .nameError)
    #expect(try server.ask("prod", .a).code == .noError)
  }

  @Test func `an equal PUT and a renewal change neither revision nor serial`() async throws {
    let server = try await RegistryUnderTest()
    let key = try InstanceKey("web", "web-1")
    let first = try await server.registry.register(key, Registration(["10.0.0.1"]))
    let serial = try server.serial()
    let batches = await server.store.batches.count
    let second = try await server.registry.register(key, Registration(["10.0.0.1"]))
    let renewed = try await server.registry.renew(key, status: nil)
    #expect(!second.isNew)
    #expect(second.instance.instance.revision == first.instance.instance.revision)
    #expect(renewed.instance.revision == first.instance.instance.revision)
    #expect(try server.serial() == serial)
    #expect(await server.store.batches.count == batches)
  }

  @Test func `a change gets the next revision and the next serial`() async throws {
    let server = try await RegistryUnderTest()
    let key = try InstanceKey("web", "web-1")
    let first = try await server.registry.register(key, Registration(["10.0.0.1"]))
    let serial = try server.serial()
    let second = try await server.registry.register(key, Registration(["10.0.0.2"]))
    #expect(second.instance.instance.revision == first.instance.instance.revision + 1)
    #expect(try server.serial() == serial + 1)
    #expect(try server.addresses("web") == ["10.0.0.2"])
    let third = try await server.registry.renew(key, status: .warning)
    #expect(third.instance.revision == second.instance.instance.revision + 1)
    #expect(try server.serial() == serial + 1, "the records are the same")
  }

  @Test func `critical instances leave the sets and keep their own name`() async throws {
    let server = try await RegistryUnderTest()
    _ = try await server.registry.register(InstanceKey("web", "a"), Registration(["10.0.0.1"]))
    _ = try await server.registry.register(
      InstanceKey("web", "b"), Registration(["10.0.0.2"], tags: ["v2"]))
    _ = try await server.registry.renew(InstanceKey("web", "b"), status: .critical)
    #expect(try server.addresses("web") == ["10.0.0.1"])
    #expect(try server.addresses("b.web") == ["10.0.0.2"])
    #expect(try server.ask("_web._tcp", .srv).answer.count == 1)
    #expect(try server.ask("v2.tag.web", .a).code == .noError)
    _ = try await server.registry.renew(InstanceKey("web", "b"), status: .passing)
    #expect(try server.addresses("web") == ["10.0.0.1", "10.0.0.2"])
  }

  @Test func `the best priority group answers, and the next when it has gone`() async throws {
    let server = try await RegistryUnderTest()
    _ = try await server.registry.register(
      InstanceKey("web", "a"), Registration(["10.0.0.1", "fd00::1"], priority: 1))
    _ = try await server.registry.register(
      InstanceKey("web", "b"), Registration(["10.0.0.2"], priority: 7))
    #expect(try server.addresses("web") == ["10.0.0.1"])
    #expect(try server.ask("web", .srv).answer.count == 2)
    try await server.registry.deregister(InstanceKey("web", "a"))
    #expect(try server.addresses("web") == ["10.0.0.2"])
    let v6 = try server.ask("web", .aaaa)
    #expect(v6.code == .noError && v6.answer.isEmpty && v6.authority.count == 1)
  }

  @Test func `the next priority group answers before the clock is looked at`() async throws {
    let server = try await RegistryUnderTest()
    _ = try await server.registry.register(
      InstanceKey("web", "a"), Registration(["10.0.0.1"], priority: 1, tags: ["v1"], lease: 10))
    _ = try await server.registry.register(
      InstanceKey("web", "b"), Registration(["10.0.0.2"], priority: 7, tags: ["v1"], lease: 60))
    server.clock.advance(by: 10)
    #expect(try server.addresses("web") == ["10.0.0.2"])
    #expect(try server.addresses("v1.tag.web") == ["10.0.0.2"])
  }

  @Test func `equal addresses are one record with the weights summed`() async throws {
    let server = try await RegistryUnderTest()
    _ = try await server.registry.register(
      InstanceKey("web", "a"), Registration(["10.0.0.1"], weight: 1))
    _ = try await server.registry.register(
      InstanceKey("web", "b"), Registration(["10.0.0.1"], weight: 2))
    _ = try await server.registry.register(
      InstanceKey("web", "c"), Registration(["10.0.0.2"], weight: 1))
    var firsts: [String: Int] = [:]
    for _ in 0..<4 { firsts[try server.ask("web", .a).answer.values[0], default: 0] += 1 }
    #expect(firsts == ["10.0.0.1": 3, "10.0.0.2": 1])
  }

  @Test func `a service without instances is NODATA, its gone instance NXDOMAIN`() async throws {
    let server = try await RegistryUnderTest()
    let key = try InstanceKey("web.prod", "a")
    _ = try await server.registry.register(key, Registration(["10.0.0.1"], tags: ["v2"]))
    try await server.registry.deregister(key)
    for name in ["web.prod", "_web._tcp.prod", "v2.tag.web.prod", "prod"] {
      let reply = try server.ask(name, .srv)
      #expect(reply.code == .noError, "\(name)")
      #expect(reply.answer.isEmpty && reply.authority.records.first?.type == .soa)
      #expect(reply.authority.ttls == [1])
    }
    #expect(try server.ask("a.web.prod", .a).code == .nameError)
    let again = try await server.restarted()
    #expect(try again.ask("web.prod", .a).code == .noError)
    #expect(try again.ask("v2.tag.web.prod", .a).code == .noError)
  }

  @Test func `an empty service is forgotten after a day and not before`() async throws {
    let server = try await RegistryUnderTest()
    let key = try InstanceKey("web", "a")
    _ = try await server.registry.register(key, Registration(["10.0.0.1"]))
    try await server.registry.deregister(key)
    await server.advance(by: 86_399)
    #expect(try server.ask("web", .a).code == .noError)
    await server.advance(by: 2)
    try await server.settle()
    #expect(try server.ask("web", .a).code == .nameError)
    #expect(await server.registry.serviceNames().isEmpty)
  }
}
