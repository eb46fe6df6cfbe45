// What those who watch are told of changes, and what those who missed some.

import DNSWire
import ServiceRegistry
import Synchronization
import TestSupport
import Testing

@Suite struct EventTests {
  private func makeServer(eventsKept: Int = 1_000) async throws -> RegistryUnderTest {
    var settings = RegistrySettings()
    settings.eventsKept = eventsKept
    return try await RegistryUnderTest(settings: settings)
  }

  private func register(
    _ server: RegistryUnderTest, _ service: String, _ id: String, lease: Int? = nil
  ) async throws {
    _ = try await server.registry.register(
      InstanceKey(service, id), Registration(["10.0.0.1"], lease: lease))
  }

  /// All that is told after `revision`, in few words.
  private func events(
    _ server: RegistryUnderTest, after revision: UInt64 = 0, of service: String? = nil
  ) async throws -> [String] {
    var lines: [String] = []
    var page: EventPage?
    repeat {
      page = await server.registry.events(after: page?.reached ?? revision) {
        service == nil || $0.text == service
      }
      lines += try #require(page).events.map(\.line)
    } while page?.isLast == false
    return lines
  }

  @Test func `each change is an event with its revision`() async throws {
    let server = try await makeServer()
    let registry = server.registry
    let key = try InstanceKey("web", "a")
    try await register(server, "web", "a", lease: 30)
    try await register(server, "web", "a", lease: 30)
    _ = try await registry.register(key, Registration(["10.0.0.2"], lease: 30))
    _ = try await registry.renew(key, status: nil)
    _ = try await registry.renew(key, status: .warning)
    _ = try await registry.drain(key)
    _ = try await registry.register(key, Registration(["10.0.0.2"], lease: 30))
    try await registry.deregister(InstanceKey("WEB", "A"))
    try await register(server, "web", "b", lease: 1)
    try await register(server, "web", "c")
    _ = try await registry.drain(InstanceKey("web", "c"))
    await server.advance(by: 1)
    try await server.settle()
    await server.advance(by: 5)
    try await server.settle()
    try await register(server, "web", "d")
    try await register(server, "web", "e")
    try await registry.remove(ServiceName("web"))
    #expect(
      try await events(server) == [
        "1 registered web a", "2 replaced web a", "3 status-changed web a", "4 draining web a",
        "5 replaced web a", "6 deregistered web a", "7 registered web b", "8 registered web c",
        "9 draining web c", "10 expired web b", "11 drained web c", "12 registered web d",
        "13 registered web e", "16 service-removed web",
      ])
    #expect(await registry.publishedRevision == 16)
  }

  @Test func `a service that is empty for long enough is removed with an event`() async throws {
    var settings = RegistrySettings()
    settings.emptyServiceSeconds = 60
    let server = try await RegistryUnderTest(settings: settings)
    try await register(server, "web", "a")
    try await server.registry.deregister(InstanceKey("web", "a"))
    await server.advance(by: 60)
    try await server.settle()
    #expect(try await events(server, after: 2) == ["3 service-removed web"])
  }

  @Test func `what is not committed is not told, and an expiry when it can be`() async throws {
    let server = try await makeServer()
    try await register(server, "web", "a", lease: 1)
    for fate in [MemoryStore.Fate.refused, .lostInDoubt] {
      await server.store.setStanding(fate)
      await #expect(throws: RegistryError.self) { try await register(server, "web", "b") }
    }
    await server.advance(by: 1)
    try await server.settle()
    #expect(try server.addresses("web").isEmpty)
    #expect(try await events(server) == ["1 registered web a"])
    await server.store.setStanding(.kept)
    for _ in 0..<3 {
      await server.advance(by: 1)
      try await server.settle()
    }
    #expect(try await events(server, after: 1).map { $0.dropFirst(2) } == ["expired web a"])
  }

  @Test func `events come in pages, of the services that are asked for, with what there is now`()
    async throws
  {
    let server = try await makeServer()
    for number in 1...250 {
      try await register(server, number % 2 == 0 ? "even" : "odd", "i\(number)")
    }
    try await server.registry.deregister(InstanceKey("odd", "i1"))
    #expect(try await events(server).count == 251)
    let odd = try await events(server, after: 3, of: "odd")
    #expect(odd.count == 124 && odd[0] == "5 registered odd i5")
    #expect(odd.last == "251 deregistered odd i1")
    let first = try #require(await server.registry.events(after: 0) { $0.text == "odd" })
    #expect(first.events.count == 100 && !first.isLast && first.reached == 200)
    #expect(first.events[0].instance == nil, "it is there no more")
    #expect(first.events[1].instance?.instance.key.id.text == "i3")
  }

  @Test func `what is older than the log, or ahead of all, can't be told`() async throws {
    let server = try await makeServer(eventsKept: 100)
    for number in 1...150 { try await register(server, "web", "i\(number)") }
    #expect(try await events(server, after: 50).count == 100)
    #expect(await server.registry.events(after: 49) { _ in true } == nil)
    #expect(try await events(server, after: 149) == ["150 registered web i150"])
    #expect(try await events(server, after: 150).isEmpty)
    #expect(await server.registry.events(after: 151) { _ in true } == nil)
  }

  @Test func `after a restart only the last revision is known`() async throws {
    let server = try await makeServer()
    for id in ["a", "b"] { try await register(server, "web", id) }
    let again = try await server.restarted()
    #expect(await again.registry.publishedRevision == 2)
    #expect(await again.registry.events(after: 1) { _ in true } == nil)
    #expect(await again.registry.events(after: 3) { _ in true } == nil)
    #expect(try await events(again, after: 2).isEmpty)
    try await register(again, "web", "c")
    #expect(try await events(again, after: 2) == ["3 registered web c"])
  }

  @Test func `an event takes 40 octets`() {
    #expect(MemoryLayout<RegistryEvent>.stride == 40)
  }

  // MARK: Waiting for a change

  @Test func `what has changed since a revision is known also of what is gone`() async throws {
    let server = try await makeServer(eventsKept: 100)
    let registry = server.registry
    let (web, api) = (try ServiceName("web"), try ServiceName("api"))
    #expect(await !registry.hasChanged(web, after: 0), "it was not there, and is not")
    #expect(await registry.hasChanged(web, after: 1), "of another history")
    try await register(server, "web", "a")
    try await register(server, "api", "a")
    #expect(await registry.hasChanged(web, after: 0))
    #expect(await !registry.hasChanged(web, after: 1))
    #expect(await !registry.hasChanged(web, after: 2), "that is the other's")
    #expect(await registry.hasChanged(web, after: 3))
    try await registry.remove(web)
    #expect(await registry.hasChanged(web, after: 3), "gone since")
    #expect(await !registry.hasChanged(web, after: 4))
    #expect(await !registry.hasChanged(web, after: 0), "there was none, and is none")
    for number in 1...100 { try await register(server, "api", "i\(number)") }
    #expect(await !registry.hasChanged(web, after: 4))
    try await register(server, "api", "more")
    #expect(await registry.hasChanged(web, after: 4), "the log does not tell any more")
    #expect(await !registry.hasChanged(web, after: 5))
    #expect(await registry.hasChanged(api, after: 4))
  }

  // MARK: Those who listen

  /// Remembers what it is told.
  private final class Listener: EventListener {
    let told = Mutex<[String]>([])
    let isListening = true
    private let services: Set<String>

    init(_ services: Set<String>) {
      self.services = services
    }

    func isWatched(_ service: ServiceName) -> Bool { services.contains(service.text) }

    func receive(_ events: [PublishedEvent]) {
      told.withLock { $0 += events.map(\.line) }
    }
  }

  @Test func `a listener is told of what is watched before the caller has the reply`() async throws
  {
    let server = try await makeServer()
    let listener = Listener(["web"])
    server.registry.setListener(listener)
    for service in ["api", "web", "web.prod"] { try await register(server, service, "a") }
    #expect(listener.told.withLock(\.self) == ["2 registered web a"])
  }

  @Test func `it is told that the brake holds instances, which is no change`() async throws {
    var settings = RegistrySettings()
    settings.brake.share = 50
    settings.brake.minimum = 2
    let server = try await RegistryUnderTest(settings: settings)
    let listener = Listener(["web"])
    server.registry.setListener(listener)
    for id in ["a", "b", "c", "d"] { try await register(server, "web", id, lease: 1) }
    for _ in 0..<50 { await server.advance(by: 0.02) }
    try await server.settle()
    let told = listener.told.withLock(\.self)
    #expect(told.filter { $0.contains("expired") }.count == 2)
    #expect(told.filter { $0.contains("held") } == ["4 held web"])
    #expect(try await !events(server).contains { $0.contains("held") })
  }
}

extension PublishedEvent {
  /// Revision, kind, service, id.
  fileprivate var line: String {
    (["\(event.revision)", event.kind.rawValue, event.service.text]
      + [event.id?.text].compactMap(\.self)).joined(separator: " ")
  }
}
