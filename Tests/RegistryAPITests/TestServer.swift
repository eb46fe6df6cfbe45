// The API on a port that the kernel picks, with a registry of its own.

import DNSWire
import DNSZone
import Foundation
import LDNS
import Logging
import RegistryAPI
import ServiceLifecycle
import ServiceRegistry
import Testing

/// A running server. Its time stands still at 2026-01-02T03:04:05.678Z.
struct TestServer {
  let api: RegistryAPI
  let registry: Registry
  let store: MemoryStore
  let host: String
  let port: Int
  let access: AccessControl
  let log: RecordedLog

  func curl(_ path: String, _ arguments: [String] = [], body: Data? = nil) async throws -> Reply {
    let isWildcard = host == "0.0.0.0" || host == "::"
    let address = isWildcard ? "127.0.0.1" : host.contains(":") ? "[\(host)]" : host
    return try await Reply.fromCurl(
      arguments + ["http://\(address):\(port)\(path)"], body: body)
  }

  func put(_ path: String, _ json: String) async throws -> Reply {
    try await curl(
      path, ["-X", "PUT", "-H", "Content-Type: application/json", "--data-binary", "@-"],
      body: Data(json.utf8))
  }

  func post(_ path: String, _ json: String? = nil) async throws -> Reply {
    guard let json else { return try await curl(path, ["-X", "POST"]) }
    return try await curl(
      path, ["-X", "POST", "-H", "Content-Type: application/json", "--data-binary", "@-"],
      body: Data(json.utf8))
  }
}

/// 2026-01-02T03:04:05.678Z
let testTime: WallTime = 1_767_323_045_678

/// Runs `body` while a server listens.
func withServer(
  on host: String = "127.0.0.1", allowedHosts: [String] = [], tokens: TokenTable? = nil,
  store: MemoryStore = MemoryStore(), limits: HTTPConnectionLimits = HTTPConnectionLimits(),
  reloadZones: ZoneReload = ZoneReload(zones: [], refused: [], warnings: []),
  reloadError: RegistryError? = nil, metrics: [Metric] = [],
  _ body: (TestServer) async throws -> Void
) async throws {
  let registry = try await makeRegistry(store)
  let access = AccessControl(tokens: tokens, allowedHosts: allowedHosts) { testTime }
  let log = RecordedLog()
  let api = RegistryAPI(
    registry: registry, access: access, version: "1.2.3", connectionLimits: limits,
    logger: log.logger, recordText: { $0.masterFileLine }, metrics: { metrics },
    reloadZones: { () async throws(RegistryError) in
      if let reloadError { throw reloadError }
      return reloadZones
    })
  let (ports, listening) = AsyncStream.makeStream(of: Int.self)
  let server = api.makeServer(host: host, port: 0) { listening.yield($0) }
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask {
      defer { listening.finish() }
      try await server.run()
    }
    if let port = await ports.first(where: { _ in true }) {
      try await body(
        TestServer(
          api: api, registry: registry, store: store, host: host, port: port, access: access,
          log: log))
    } else {
      try await group.next()
    }
    group.cancelAll()
  }
}

/// Runs `body`, which stops the server gracefully, and waits for the server's end.
/// - Returns: the server that was.
func withStoppableServer(
  store: MemoryStore, _ body: (TestServer, ServiceGroup) async throws -> Void
) async throws -> TestServer {
  let registry = try await makeRegistry(store)
  let access = AccessControl(tokens: nil)
  let api = RegistryAPI(
    registry: registry, access: access, version: "1", logger: .silent,
    recordText: { $0.masterFileLine }, metrics: { [] },
    reloadZones: { ZoneReload(zones: [], refused: [], warnings: []) })
  let (ports, listening) = AsyncStream.makeStream(of: Int.self)
  let server = api.makeServer(host: "127.0.0.1", port: 0) { listening.yield($0) }
  let lifecycle = ServiceGroup(services: [ServerService(server: server)], logger: .silent)
  async let end: Void = lifecycle.run()
  let port = try #require(await ports.first { _ in true })
  let running = TestServer(
    api: api, registry: registry, store: store, host: "127.0.0.1", port: port, access: access,
    log: RecordedLog())
  try await body(running, lifecycle)
  try await end
  return running
}

private struct ServerService: Service {
  let server: APIServer
  func run() async throws { try await server.run() }
}

func makeRegistry(_ store: MemoryStore) async throws -> Registry {
  let apex = try DomainName("mesh.internal.")
  let server = try DomainName("ns.mesh.internal.")
  let numbers: [UInt8] = [0, 0, 0, 1, 0, 0, 14, 16, 0, 0, 2, 88, 0, 1, 81, 128, 0, 0, 0, 1]
  let soa = ResourceRecord(
    owner: apex, type: .soa, ttl: 3_600,
    rdata: server.wire + (try DomainName("hostmaster.mesh.internal.").wire) + numbers)
  let domain = ZoneDomain(seed: 1)
  let records = [
    soa, ResourceRecord(owner: apex, type: .ns, ttl: 3_600, rdata: server.wire),
    ResourceRecord(owner: server, type: .a, ttl: 3_600, rdata: [192, 0, 2, 53]),
  ]
  let zone = Zone(apex: apex, records: records, in: domain)
  domain.publish([zone])
  let clock = RegistryClock(boot: { 0 }, wall: { testTime })
  let registry = Registry(
    zone: ServiceZone(zone, in: domain, records: records, ttl: 5), store: store, clock: clock,
    logger: .silent)
  try await registry.load()
  await registry.startLeases()
  return registry
}

extension Logger {
  static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
