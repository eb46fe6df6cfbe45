// A registry on a disk that fails, and what its clients were told.

import DNSWire
import DNSZone
import Logging
import RegistryStorage
import ServiceRegistry
import TestSupport
import Testing

/// Sends commands and remembers which were acknowledged.
struct StoredHistory {
  let disk: FaultyDisk
  let registry: Registry
  private let clock: ManualClock
  private var acknowledged: [InstanceKey: Registration] = [:]
  /// What may be stored besides that, or instead of it: what was answered with an unknown outcome.
  private var doubtful: [InstanceKey: StoredAs] = [:]

  private enum StoredAs {
    case registered(Registration)
    case removed
  }

  private init(_ disk: FaultyDisk, _ registry: Registry, _ clock: ManualClock) {
    self.disk = disk
    self.registry = registry
    self.clock = clock
  }

  static func begin(on disk: FaultyDisk) async throws -> StoredHistory {
    let store = try SQLiteStore(path: disk.path, calls: disk.calls)
    let clock = ManualClock()
    let zone = RegistryUnderTest.serviceZone(
      RegistryUnderTest.staticZone, in: ZoneDomain(seed: 7))
    let registry = Registry(
      zone: zone, store: store, clock: clock.registryClock,
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    try await registry.load()
    return StoredHistory(disk, registry, clock)
  }

  // MARK: Commands

  typealias Command = (service: String, id: String, address: String?)

  /// Registrations, changes and removals, of several services; each is a commit.
  static let commands: [Command] = [
    ("web", "a", "10.0.0.1"), ("web", "b", "10.0.0.2"), ("web.prod", "a", "10.0.0.3"),
    ("web", "a", "10.0.0.4"), ("web", "b", nil), ("api", "c", "10.0.0.5"), ("web", "b", "10.0.0.6"),
  ]

  /// - Returns: whether it was acknowledged.
  @discardableResult
  mutating func send(
    _ service: String, _ id: String, _ address: String?
  ) async throws -> Bool {
    let key = try InstanceKey(service, id)
    var registration: Registration?
    if let address { registration = try Registration([address], tags: ["v2"], lease: nil) }
    do throws(RegistryError) {
      if let registration {
        _ = try await registry.register(key, registration)
      } else {
        try await registry.deregister(key)
      }
    } catch {
      note(error, key, registration)
      return false
    }
    acknowledged[key] = registration
    doubtful[key] = nil
    return true
  }

  private mutating func note(
    _ error: RegistryError, _ key: InstanceKey, _ registration: Registration?
  ) {
    switch error {
    case .notCommitted(let reason, let isOutcomeUnknown):
      #expect(!reason.contains("/rollcall"), "clients are told no paths: \(reason)")
      guard isOutcomeUnknown else { return }
      doubtful[key] = registration.map(StoredAs.registered) ?? .removed
    case .unknownInstance:
      #expect(acknowledged[key] == nil && registration == nil)
    default:
      Issue.record("\(error)")
    }
  }

  /// The fault is over, and a second has passed. Nobody wants a change.
  mutating func recover() async throws {
    disk.set(nil)
    clock.advance(by: 1)
    await registry.tick()
    // It is carried out after what the tick has brought about.
    await #expect(throws: RegistryError.self) {
      try await registry.deregister(InstanceKey("nobody", "nobody"))
    }
    #expect(await registry.storeFailure == nil)
    if await registry.storeCounters.replacements > 0 { doubtful = [:] }
  }

  // MARK: What has to be there

  /// All that was acknowledged, and nothing that was refused.
  func check(_ store: SQLiteStore, _ place: String) async throws {
    let stored = Dictionary(
      uniqueKeysWithValues: try await store.allInstances().map { ($0.key, $0.registration) })
    for key in Set(stored.keys).union(acknowledged.keys).union(doubtful.keys) {
      let isRight = stored[key] == acknowledged[key] || isPossible(stored[key], key)
      #expect(isRight, "\(place): \(key) is stored as \(String(describing: stored[key]))")
    }
    let services = Set(try await store.load().services.map(\.name))
    #expect(services.isSuperset(of: acknowledged.keys.map(\.service)), "\(place)")
  }

  private func isPossible(_ stored: Registration?, _ key: InstanceKey) -> Bool {
    switch doubtful[key] {
    case .registered(let registration): stored == registration
    case .removed: stored == nil
    case nil: false
    }
  }

  /// What a crash would leave now, and a power cut that drops all that was not synced.
  func checkImages(_ place: String) async throws {
    for image in [try disk.current(), disk.images[0]] {
      try await image.withStore { try await check($0, place) }
    }
  }
}
