// What a caller who may not know of all services is told, and what they can't take.

import DNSWire
import ServiceRegistry
import TestSupport
import Testing

@Suite struct ReachTests {
  private let port = NamedPort(
    name: Label.known("web", .port), port: 9, transport: .tcp)

  /// As a token for `*.prod` has it.
  private let belowProd: ServiceReach = { $0.key.hasSuffix(".prod") }

  private func holder(
    _ server: RegistryUnderTest, _ service: String, _ id: String, _ reach: ServiceReach?
  ) async throws -> String? {
    do throws(RegistryError) {
      _ = try await server.registry.register(
        InstanceKey(service, id), Registration(["10.0.0.9"]), within: reach)
      return nil
    } catch .nameTaken(_, let holder) {
      return holder
    }
  }

  @Test func `a holder is named only to whom it is within reach`() async throws {
    let server = try await RegistryUnderTest(
      zone: RegistryUnderTest.staticZone + "\nfix.prod 60 IN A 10.9.9.9")
    for (service, id) in [("prod", "web"), ("db.prod", "a"), ("x.db.prod", "a")] {
      _ = try await server.registry.register(
        InstanceKey(service, id), Registration(["10.0.0.1"]))
    }
    let hidden = "something that the token does not cover"
    #expect(
      try await holder(server, "web.prod", "a", nil) == "instance 'web' of service 'prod'")
    #expect(try await holder(server, "web.prod", "a", belowProd) == hidden)
    #expect(
      try await holder(server, "a.db.prod", "a", belowProd) == "instance 'a' of service 'db.prod'")
    #expect(try await holder(server, "db.prod", "x", belowProd) == "service 'x.db.prod'")
    #expect(try await holder(server, "db.prod", "x") { $0.key == "db.prod" } == hidden)
    #expect(
      try await holder(server, "fix.prod", "a", nil)
        == "the zone file's records at fix.prod.mesh.internal.")
    #expect(try await holder(server, "fix.prod", "a", belowProd) == hidden)
  }

  @Test func `a port's name can't be taken from a service out of reach`() async throws {
    let server = try await RegistryUnderTest()
    let holder = try InstanceKey("prod", "i")
    let mine = try InstanceKey("web.prod", "j")
    let wanted = try Registration(["10.0.0.2"], port: 7)
    _ = try await server.registry.register(holder, Registration(["10.0.0.1"], ports: [port]))
    let before = try server.ask("_web._tcp.prod", .srv).answer.values
    #expect(before == ["0 1 9 i.prod.mesh.internal."])
    let refusal = RegistryError.nameTaken(
      name: "_web._tcp.prod.mesh.internal.", holder: "something that the token does not cover")
    await #expect(throws: refusal) {
      try await server.registry.register(mine, wanted, within: belowProd)
    }
    let results = try await server.registry.register([(mine, wanted)], within: belowProd)
    #expect(results.count == 1 && results.allSatisfy { (try? $0.get()) == nil })
    #expect(try server.ask("_web._tcp.prod", .srv).answer.values == before)
    // The other protocol's name is free. It does not open the way to this one.
    var udp = wanted
    udp.transport = .udp
    _ = try await server.registry.register(mine, udp, within: belowProd)
    await #expect(throws: refusal) {
      try await server.registry.register(mine, wanted, within: belowProd)
    }
    await #expect(throws: refusal) {
      try await server.registry.register(
        InstanceKey("web.prod", "other"), wanted, within: belowProd)
    }
    #expect(try server.ask("_web._tcp.prod", .srv).answer.values == before)
    // Whoever reaches both may.
    _ = try await server.registry.register(mine, wanted) { _ in true }
    #expect(
      try server.ask("_web._tcp.prod", .srv).answer.values == ["0 1 7 j.web.prod.mesh.internal."])
    // What is the service's already may be registered again.
    _ = try await server.registry.register(
      InstanceKey("web.prod", "other"), wanted, within: belowProd)
  }

  @Test func `a port that gives way is not told to what`() async throws {
    let server = try await RegistryUnderTest()
    _ = try await server.registry.register(
      InstanceKey("web.prod", "j"), Registration(["10.0.0.2"]))
    let wanted = try Registration(["10.0.0.1"], ports: [port])
    let told = try await server.registry.register(InstanceKey("prod", "a"), wanted)
    #expect(told.warnings.count == 1 && told.warnings[0].contains("'web.prod'"))
    let hidden = try await server.registry.register(InstanceKey("prod", "b"), wanted) {
      $0.key == "prod"
    }
    #expect(hidden.warnings.count == 1 && !hidden.warnings[0].contains("web.prod"))
  }
}

extension Label {
  fileprivate static func known(_ text: String, _ kind: NameKind) -> Label {
    guard let label = try? Label(text, kind: kind) else {
      preconditionFailure("'\(text)' is a label")
    }
    return label
  }
}
