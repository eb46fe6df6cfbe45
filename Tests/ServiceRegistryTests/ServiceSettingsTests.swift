// What a service's settings change, for how long, and what outlives a restart.

import DNSWire
import ServiceRegistry
import TestSupport
import Testing

@Suite struct ServiceSettingsTests {
  private let web: ServiceName

  init() throws {
    web = try ServiceName("web")
  }

  private func makeServer(instances: Int = 3) async throws -> RegistryUnderTest {
    let server = try await RegistryUnderTest()
    for number in 0..<instances {
      _ = try await server.registry.register(
        InstanceKey("web", "i\(number)"), Registration(["10.0.0.\(number)"], lease: nil))
    }
    return server
  }

  @Test func `they hold for all names of the service at once, and over a restart`() async throws {
    var server = try await makeServer()
    let serial = try server.serial()
    let reply = try await server.registry.configure(
      web, ServiceSettings(ttl: 77, maxAnswers: 2))
    #expect(!reply.isNew && reply.isChange && reply.service.revision == 4)
    #expect(try server.serial() == serial + 1)
    for _ in 1...2 {
      #expect(try server.ask("web", .a).answer.ttls == [77, 77])
      #expect(try server.ask("web", .srv).answer.ttls == [77, 77])
      #expect(try server.ask("_web._tcp", .srv).answer.count == 2)
      #expect(try server.ask("i1.web", .a).answer.ttls == [77])
      server = try await server.restarted()
      let stored = try await server.registry.service(web).summary
      #expect(stored.settings == (try ServiceSettings(ttl: 77, maxAnswers: 2)))
    }
    let late = try InstanceKey("web", "late")
    _ = try await server.registry.register(late, Registration(["10.0.0.9"], lease: nil))
    #expect(try server.ask("late.web", .a).answer.ttls == [77])
    _ = try await server.registry.configure(web, .usual)
    #expect(try server.ask("web", .a).answer.ttls == [5, 5, 5, 5])
    #expect(try server.ask("late.web", .a).answer.ttls == [5])
  }

  @Test func `they are an event, once`() async throws {
    let server = try await makeServer()
    let settings = try ServiceSettings(ttl: 9, maxAnswers: nil)
    for _ in 1...2 { _ = try await server.registry.configure(web, settings) }
    let page = try #require(await server.registry.events(after: 3, where: { _ in true }))
    #expect(page.events.map(\.event.kind) == [.serviceConfigured])
    #expect(page.events.map(\.event.revision) == [4])
    #expect(page.events.allSatisfy { $0.event.service == web && $0.instance == nil })
  }

  @Test func `the same settings again change nothing`() async throws {
    let server = try await makeServer()
    let settings = try ServiceSettings(ttl: nil, maxAnswers: 1)
    _ = try await server.registry.configure(web, settings)
    let serial = try server.serial()
    let again = try await server.registry.configure(web, settings)
    #expect(!again.isNew && !again.isChange && again.service.revision == 4)
    #expect(try server.serial() == serial)
  }

  @Test func `a service with settings exists without instances until it is removed`()
    async throws
  {
    let server = try await makeServer(instances: 0)
    #expect(try server.ask("web", .a).code == .nameError)
    let settings = try ServiceSettings(ttl: 0, maxAnswers: nil)
    #expect(try await server.registry.configure(web, settings).isNew)
    #expect(try server.ask("web", .a).code == .noError)
    await server.advance(by: 30 * 86_400)
    try await server.settle()
    let again = try await server.restarted()
    await again.advance(by: 30 * 86_400)
    try await again.settle()
    #expect(try again.ask("web", .a).code == .noError)
    // Without settings its time begins.
    _ = try await again.registry.configure(web, .usual)
    await again.advance(by: 86_400 - 0.02)
    try await again.settle()
    #expect(try again.ask("web", .a).code == .noError)
    await again.advance(by: 0.02)
    try await again.settle()
    #expect(try again.ask("web", .a).code == .nameError)
  }

  @Test func `a drain lasts as long as answers with an earlier TTL may be kept`() async throws {
    let server = try await makeServer()
    _ = try await server.registry.configure(web, ServiceSettings(ttl: 100, maxAnswers: nil))
    _ = try await server.registry.configure(web, ServiceSettings(ttl: 10, maxAnswers: nil))
    func drain(_ id: String, on server: RegistryUnderTest) async throws -> Int64? {
      let view = try await server.registry.drain(InstanceKey("web", id))
      return view.instance.safeAt.map { $0 - server.clock.wall }
    }
    #expect(try await drain("i0", on: server) == 101_000)
    let again = try await server.restarted()
    await again.advance(by: 99)
    #expect(try await drain("i1", on: again) == 101_000)
    await again.advance(by: 1)
    #expect(try await drain("i2", on: again) == 11_000)
  }

  @Test func `settings that would make an answer too large are refused`() async throws {
    let server = try await makeServer(instances: 1)
    _ = try await server.registry.configure(web, ServiceSettings(ttl: nil, maxAnswers: 8))
    let registrations = try (0..<5_000).map { number in
      (
        key: try InstanceKey("web", "n\(number)"),
        registration: try Registration(["10.1.\(number / 250).\(number % 250)"], lease: nil)
      )
    }
    let results = try await server.registry.register(registrations)
    #expect(try results.allSatisfy { try $0.get().isNew })
    await #expect(throws: RegistryError.rrsetTooLarge(name: "web.mesh.internal.")) {
      try await server.registry.configure(web, .usual)
    }
    #expect(try server.ask("web", .srv).answer.count == 8)
    let stored = try await server.registry.service(web).summary.settings
    #expect(stored == (try ServiceSettings(ttl: nil, maxAnswers: 8)))
  }

  @Test func `a name that is taken is refused`() async throws {
    let server = try await makeServer()
    let taken = try ServiceName("i0.web")
    await #expect(throws: RegistryError.self) {
      try await server.registry.configure(taken, .usual)
    }
    _ = try await server.registry.configure(ServiceName("x.web"), .usual)
    await #expect(throws: RegistryError.self) {
      try await server.registry.register(
        InstanceKey("web", "x"), Registration(["10.0.0.9"], lease: nil))
    }
  }

  @Test func `a commit that fails leaves what was`() async throws {
    let server = try await makeServer()
    await server.store.setNext([.refused])
    await #expect(throws: RegistryError.self) {
      try await server.registry.configure(web, ServiceSettings(ttl: 9, maxAnswers: 1))
    }
    #expect(try server.ask("web", .a).answer.ttls == [5, 5, 5])
  }

  @Test(arguments: [(-1, 1), (86_401, 1), (5, 0), (5, 4_097)])
  func `what is out of range is refused`(_ ttl: Int, _ maxAnswers: Int) {
    #expect(throws: RegistryError.self) { try ServiceSettings(ttl: ttl, maxAnswers: maxAnswers) }
  }
}
