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

  package init(
    key: InstanceKey, registration: Registration, revision: UInt64, registeredAt: WallTime
  ) {
    self.key = key
    self.registration = registration
    self.revision = revision
    self.registeredAt = registeredAt
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
}

/// Where DNS clients find an instance, in presentation format.
package struct InstanceNames: Equatable, Sendable {
  package let host: String
  package let srv: [String]
}
