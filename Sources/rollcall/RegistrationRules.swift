// Whether registrations could stand beside one another.

import DNSZone
import Logging
import RegistryAPI
import ServiceRegistry

/// A registry without store or listeners, which takes them as it would from clients.
struct RegistrationRules {
  /// Registrations that it is given at once.
  private static let batch = 2_000

  private let registry: Registry
  private let file: String
  private var waiting: [(key: InstanceKey, registration: Registration)] = []
  private var lines: [Int] = []

  init(_ settings: Settings, file: String) async throws {
    self.file = file
    let logger = Logger(label: "rollcall", factory: { _ in SwiftLogNoOpLogHandler() })
    let zone = try LoadedZones(settings).publish(
      in: ZoneDomain(seed: UInt64.random(in: .min ... .max)), settings, logger)
    registry = Registry(zone: zone, store: NoStore(), clock: .system, logger: logger)
    try await registry.load()
  }

  /// - Throws: which line can't be, this one or one before it.
  mutating func add(
    _ key: InstanceKey, _ registration: Registration, line: Int
  ) async throws {
    waiting.append((key, registration))
    lines.append(line)
    if waiting.count == Self.batch { try await check() }
  }

  /// Looks at what was added last.
  mutating func check() async throws {
    for (line, result) in zip(lines, try await registry.register(waiting)) {
      if case .failure(let error) = result {
        throw LineError(file: file, line: line, reason: error.explanation)
      }
    }
    waiting = []
    lines = []
  }
}

/// Keeps nothing.
private struct NoStore: RegistryStore {
  func load() async throws(StoreError) -> StoredRegistry { StoredRegistry() }
  func instances(after service: ServiceName?) async throws(StoreError) -> [Instance] { [] }
  func commit(_ batch: StoreBatch) async throws(StoreError) {}
  func beginReplacement() async throws(StoreError) {}
  func addToReplacement(_ slice: StoreBatch) async throws(StoreError) {}
  func finishReplacement() async throws(StoreError) {}
}
