// What must be answered, kept in the simplest way: too simple to be wrong.

import ServiceRegistry
import TestSupport

/// What was acknowledged, until when. Times are milliseconds of the simulation.
struct Model {
  struct Entry {
    var registration: Registration
    /// Nil without a lease.
    var leaseEnd: Int?
    /// Nil for an instance that does not drain.
    var drainEnd: Int?
    /// The brake has moved its lease's end.
    var isHeld = false
    /// Instances that its service had when the brake decided about it; nil before.
    var wholeWhenJudged: Int?

    init(_ registration: Registration, at now: Int, drainEnd: Int? = nil) {
      self.registration = registration
      leaseEnd = registration.leaseSeconds.map { now + $0 * 1_000 }
      self.drainEnd = drainEnd
    }

    var end: Int? { [leaseEnd, drainEnd].compactMap(\.self).min() }
    var isLive: Bool { drainEnd == nil && registration.status.isLive }
    var hasPort: Bool { !registration.ports.isEmpty }
  }

  /// What is known of a service.
  struct Known {
    var hasTag = false
    var hasPort = false
  }

  var entries: [InstanceKey: Entry] = [:]
  /// Services that exist.
  var services: [ServiceName: Known] = [:]
  /// What the disk may hold otherwise because a commit's outcome is unknown.
  var doubtfulKeys: Set<InstanceKey> = []
  var doubtfulServices: Set<ServiceName> = []
  /// Instances whose lease has ended; whether their removal is on disk nobody was told.
  var ended: Set<InstanceKey> = []

  static let tag = "v2"
  /// The name of the named port that some instances have.
  static let port = "http"

  mutating func put(_ entry: Entry, at key: InstanceKey) {
    entries[key] = entry
    ended.remove(key)
    var known = services[key.service] ?? Known()
    if entry.registration.tags.contains(where: { $0.text == Self.tag }) { known.hasTag = true }
    if entry.hasPort { known.hasPort = true }
    services[key.service] = known
  }

  mutating func remove(_ key: InstanceKey) {
    entries[key] = nil
    ended.remove(key)
  }

  mutating func remove(_ service: ServiceName) {
    services[service] = nil
    for key in keys(of: service) { remove(key) }
    ended = ended.filter { $0.service != service }
  }

  /// A lease has ended.
  mutating func end(_ key: InstanceKey) {
    entries[key] = nil
    ended.insert(key)
  }

  /// The change may be on disk, and is not in memory.
  mutating func doubt(_ wish: Wish) {
    switch wish {
    case .register(let key, _):
      doubtfulKeys.insert(key)
      if services[key.service] == nil { doubtfulServices.insert(key.service) }
    case .deregister(let key), .renew(let key, _), .drain(let key): doubtfulKeys.insert(key)
    case .remove(let service): doubtfulServices.insert(service)
    }
  }

  /// A change was acknowledged: the doubt about those before it is settled.
  mutating func settleDoubt() {
    doubtfulKeys = []
    doubtfulServices = []
  }

  func keys(of service: ServiceName) -> [InstanceKey] {
    entries.keys.filter { $0.service == service }
  }

  /// The brake decides about these now, unless it has before.
  mutating func judge(_ keys: some Sequence<InstanceKey>) {
    for key in keys where entries[key]?.wholeWhenJudged == nil {
      let whole = self.keys(of: key.service).count
      entries[key]?.wholeWhenJudged = whole
    }
  }

  /// Whether a registration in another role has a name that `key` would claim.
  func isTaken(_ key: InstanceKey) -> Bool {
    if let instance = key.service.asInstance, entries[instance] != nil { return true }
    return services.keys.contains { $0.asInstance == key }
  }

  /// Whether `S.Z` exists: as a service, above one, or as an instance.
  func nameExists(_ service: ServiceName) -> Bool {
    if services[service] != nil || services.keys.contains(where: { $0.isBelow(service) }) {
      return true
    }
    return service.asInstance.map { entries[$0] != nil } ?? false
  }
}

extension ServiceName {
  fileprivate func isBelow(_ other: ServiceName) -> Bool { key.hasSuffix(".\(other.key)") }

  /// The instance that would have the same name.
  fileprivate var asInstance: InstanceKey? {
    let parts = text.split(separator: ".", maxSplits: 1)
    return parts.count == 2 ? try? InstanceKey(String(parts[1]), String(parts[0])) : nil
  }
}
