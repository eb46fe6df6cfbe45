// Warnings about answers that become large, held against the answers.

import DNSWire
import ServiceRegistry
import TestSupport
import Testing

@Suite struct SizeWarningTests {
  /// Registers instances one after the other and calls `check` with the warnings of each.
  private func fill(
    _ count: Int, _ registration: (Int) throws -> Registration,
    _ check: (RegistryUnderTest, Int, [String]) throws -> Void
  ) async throws {
    let server = try await RegistryUnderTest()
    for number in 1...count {
      let reply = try await server.registry.register(
        InstanceKey("web", "instance-\(number)"), registration(number))
      try check(server, number, reply.warnings)
    }
  }

  private func healthy(_ number: Int) throws -> Registration {
    try Registration([address(number)])
  }

  private func address(_ number: Int) -> String { "10.0.\(number / 250).\(number % 250)" }

  @Test func `each size is told of from the registration on that makes clients use TCP`()
    async throws
  {
    try await fill(90, healthy) { server, _, warnings in
      for type in [RecordType.a, .srv] {
        let told = warnings.filter { $0.contains(" \(type) records of web.mesh.internal.") }
        let isOverEDNS = try server.ask("web", type, isUDP: true, hasEDNS: true).isTruncated
        let isOverPlain = try server.ask("web", type, isUDP: true).isTruncated
        #expect(told.count == (isOverPlain ? 1 : 0))
        #expect(told.contains { $0.contains("more than 1232") } == isOverEDNS)
        #expect(told.contains { $0.contains("more than 512") } == (isOverPlain && !isOverEDNS))
      }
    }
  }

  @Test func `musl's 48 addresses are counted over both families, each address once`()
    async throws
  {
    func registration(_ number: Int) throws -> Registration {
      try Registration([address(number), "fd00::\(number)", "10.9.9.9"], port: nil)
    }
    try await fill(25, registration) { _, number, warnings in
      let told = warnings.filter { $0.contains("musl") }
      // One more, which all have.
      #expect(told.isEmpty == (2 * number + 1 <= 48))
      #expect(told.allSatisfy { $0.contains(" \(2 * number + 1) addresses") })
    }
  }

  @Test func `a named port has a warning of its own`() async throws {
    let port = NamedPort(name: try Label("grpc", kind: .port), port: 90, transport: .tcp)
    func registration(_ number: Int) throws -> Registration {
      try Registration([address(number)], port: nil, ports: [port])
    }
    var last: [String] = []
    try await fill(20, registration) { _, _, warnings in last = warnings }
    #expect(last.count == 1)
    #expect(last.first?.contains(" SRV records of _grpc._tcp.web.mesh.internal.") == true)
  }

  @Test func `critical instances do not count, and bulk calls are not told`() async throws {
    func critical(_ number: Int) throws -> Registration {
      try Registration([address(number)], status: .critical)
    }
    try await fill(60, critical) { _, _, warnings in
      #expect(warnings.isEmpty)
    }
    let server = try await RegistryUnderTest()
    let many = try (1...60).map { number in
      (key: try InstanceKey("web", "i\(number)"), registration: try Registration([address(number)]))
    }
    let replies = try await server.registry.register(many)
    #expect(try replies.allSatisfy { try $0.get().warnings.isEmpty })
  }
}
