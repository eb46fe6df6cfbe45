// Static records of the service zone beside registered names, and leading to them.

import DNSWire
import DNSZone
import ServiceRegistry
import TestSupport
import Testing

@Suite("Static records beside registered names") struct StaticRecordTests {
  static let zone = """
    @ 60 IN SOA ns hostmaster 1 3600 600 604800 5
    @ 60 IN NS ns
    ns 60 IN A 127.0.0.1
    * 60 IN A 10.9.9.9
    * 60 IN MX 10 a1.web
    *.web 60 IN TXT "static"
    front 60 IN CNAME web
    far 60 IN CNAME front
    first 60 IN CNAME a1.web
    mail 60 IN MX 10 a1.web
    mail 60 IN MX 20 none.web
    sub 60 IN NS ns.sub
    sub 60 IN NS a1.web
    ns.sub 60 IN A 192.0.2.53
    old 60 IN DNAME web
    """

  private func server() async throws -> RegistryUnderTest {
    let server = try await RegistryUnderTest(zone: Self.zone)
    for number in 1...3 {
      _ = try await server.registry.register(
        InstanceKey("web", "a\(number)"), Registration(["10.0.0.\(number)"], lease: 30))
    }
    return server
  }

  @Test("a wildcard answers for names that nobody registered, and for no other (RFC 4592)")
  func wildcard() async throws {
    let server = try await server()
    #expect(try server.addresses("other") == ["10.9.9.9"])
    #expect(try server.addresses("x.y.other") == ["10.9.9.9"])
    #expect(try server.ask("other", .aaaa).code == .noError)
    #expect(try server.addresses("web").count == 3)
    #expect(try server.ask("web", .mx).answer.isEmpty)
    #expect(try server.ask("web", .mx).code == .noError)
    // Service names are closest enclosers like others.
    #expect(try server.ask("x.web", .a).code == .noError)
    #expect(try server.ask("x.web", .txt).answer.values == ["\"static\""])
    #expect(try server.ask("x.a1.web", .a).code == .nameError)
    #expect(try server.ask("_other._tcp", .srv).code == .nameError)
    let mail = try server.ask("other", .mx)
    #expect(mail.additional == "a1.web.mesh.internal. 5 IN A 10.0.0.1")
  }

  @Test("names below a wildcard come and go with their instances")
  func comingAndGoing() async throws {
    let server = try await RegistryUnderTest(zone: Self.zone)
    #expect(try server.addresses("db") == ["10.9.9.9"])
    _ = try await server.registry.register(InstanceKey("db", "a"), Registration(["10.0.0.1"]))
    #expect(try server.addresses("db") == ["10.0.0.1"])
    #expect(try server.ask("x.db", .a).code == .nameError)
    try await server.registry.deregister(InstanceKey("db", "a"))
    #expect(try server.ask("db", .a).code == .noError)
    #expect(try server.ask("db", .a).answer.isEmpty)
    #expect(try server.ask("a.db", .a).code == .nameError)
  }

  @Test(
    "an alias to a service gives its addresses, turned by the same counter",
    arguments: [
      "front", "far",
    ])
  func aliasTurns(alias: String) async throws {
    let server = try await server()
    var firsts: [String] = []
    for round in 0..<6 {
      let reply = try server.ask(round % 2 == 0 ? alias : "web", .a)
      let addresses = reply.answer.records.filter { $0.type == .a }
      #expect(addresses.count == 3)
      firsts.append(RecordSection([addresses[0]]).values[0])
    }
    #expect(firsts == ["1", "2", "3", "1", "2", "3"].map { "10.0.0.\($0)" })
  }

  @Test("at the end of a chain too no TTL reaches past the soonest lease end")
  func aliasTTL() async throws {
    let server = try await server()
    await server.advance(by: 27.5)
    for name in ["front", "far", "first", "web"] {
      let reply = try server.ask(name, .a)
      let ttls = Set(reply.answer.records.filter { $0.type == .a }.map(\.ttl))
      #expect(ttls == [2], "\(name)")
    }
    #expect(try server.ask("mail", .mx).additional.records.map(\.ttl) == [2])
    await server.advance(by: 3)
    #expect(try server.ask("front", .a).answer.values == ["web.mesh.internal."])
    #expect(try server.ask("front", .a).code == .noError)
    // The host is gone, and the wildcard below the service has no address.
    #expect(try server.ask("first", .a).answer.values == ["a1.web.mesh.internal."])
    #expect(try server.ask("first", .a).code == .noError)
  }

  @Test("a static MX has the addresses of a registered host beside it")
  func additional() async throws {
    let server = try await server()
    let reply = try server.ask("mail", .mx)
    #expect(reply.answer.count == 2)
    #expect(reply.additional == "a1.web.mesh.internal. 5 IN A 10.0.0.1")
  }

  @Test("a delegation below the zone is a referral with its glue, a registered host beside it")
  func delegation() async throws {
    let server = try await server()
    for name in ["sub", "x.sub", "ns.sub"] {
      let reply = try server.ask(name, .a)
      #expect(!reply.isAuthoritative)
      #expect(reply.answer.isEmpty)
      #expect(reply.authority.count == 2)
      #expect(
        reply.additional.distinctLines == [
          "ns.sub.mesh.internal. 60 IN A 192.0.2.53", "a1.web.mesh.internal. 5 IN A 10.0.0.1",
        ])
    }
  }

  @Test("a DNAME to a service leads to its instances")
  func redirection() async throws {
    let server = try await server()
    #expect(
      try server.ask("a2.old", .a).answer.values == [
        "web.mesh.internal.", "a2.web.mesh.internal.", "10.0.0.2",
      ])
    #expect(try server.ask("none.old", .a).code == .noError)
    #expect(try server.ask("none.old", .txt).answer.values.last == "\"static\"")
  }
}
