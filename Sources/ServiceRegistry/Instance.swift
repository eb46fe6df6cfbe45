// An instance as it is stored and shown.

/// Milliseconds since 1970-01-01T00:00:00Z: for people to read, never to end a lease by.
package typealias WallTime = Int64

/// A registered instance: what a store keeps of it.
package struct Instance: Equatable, Sendable {
  package let key: InstanceKey
  package var registration: Registration
  /// The global revision of its last change.
  package var revision: UInt64
  package var registeredAt: WallTime
  /// It drains: no set has it any more, and at this time it is removed. Nil: it does not.
  package var safeAt: WallTime?

  package init(
    key: InstanceKey, registration: Registration, revision: UInt64, registeredAt: WallTime,
    safeAt: WallTime? = nil
  ) {
    self.key = key
    self.registration = registration
    self.revision = revision
    self.registeredAt = registeredAt
    self.safeAt = safeAt
  }

  /// Whether callers are given it while its lease runs.
  private var isLive: Bool { safeAt == nil && registration.status.isLive }

  /// Whether the zone's records for this instance and `other` are the same.
  func hasSameRecords(as other: Instance) -> Bool {
    guard isLive == other.isLive else { return false }
    var comparable = other.registration
    comparable.leaseSeconds = registration.leaseSeconds
    comparable.status = registration.status
    return registration == comparable
  }
}

/// The status that replies show: that an instance drains goes before what it says of itself.
package enum ShownStatus: String, Sendable, CaseIterable {
  case passing
  case warning
  case critical
  case draining

  fileprivate init(_ instance: Instance) {
    self =
      switch instance.registration.status {
      case _ where instance.safeAt != nil: .draining
      case .passing: .passing
      case .warning: .warning
      case .critical: .critical
      }
  }
}

/// An instance as the API shows it at some moment.
package struct InstanceView: Sendable {
  package let instance: Instance
  package let renewedAt: WallTime
  /// Nil without a lease.
  package let expiresAt: WallTime?

  init(_ instance: Instance, renewedAt: WallTime) {
    self.instance = instance
    self.renewedAt = renewedAt
    expiresAt = instance.registration.leaseSeconds.map { renewedAt + WallTime($0) * 1_000 }
  }

  package var status: ShownStatus { ShownStatus(instance) }
}

/// Where DNS clients find an instance, in presentation format.
package struct InstanceNames: Equatable, Sendable {
  package let host: String
  package let srv: [String]
}
