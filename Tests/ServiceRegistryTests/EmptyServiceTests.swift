// How long a service without instances exists.

import DNSWire
import ServiceRegistry
import TestSupport
import Testing

@Suite struct EmptyServiceTests {
  @Test(arguments: [1, 3_600, nil])
  func `it exists as long as is set, over a restart too`(_ seconds: Int?) async throws {
    var settings = RegistrySettings()
    if let seconds { settings.emptyServiceSeconds = seconds }
    let whole = Double(seconds ?? 86_400)
    let server = try await RegistryUnderTest(settings: settings)
    let key = try InstanceKey("web", "a")
    _ = try await server.registry.register(key, Registration(["10.0.0.1"], lease: nil))
    await server.advance(by: 2 * whole)
    try await server.registry.deregister(key)
    await server.advance(by: whole / 2)
    let again = try await server.restarted()
    await again.advance(by: whole / 2 - 0.02)
    try await again.settle()
    #expect(try again.ask("web", .a).code == .noError)
    await again.advance(by: 0.02)
    try await again.settle()
    #expect(try again.ask("web", .a).code == .nameError)
    #expect(try await again.store.load().services.isEmpty)
  }
}
