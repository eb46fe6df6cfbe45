// Where registrations last, as the registry needs it.

/// Keeps committed changes over restarts and crashes.
///
/// One caller at a time. A return from ``commit(_:)`` means that the batch is on stable storage.
package protocol RegistryStore: Sendable {
  /// All that was committed but the instances.
  func load() async throws(StoreError) -> StoredRegistry

  /// A slice of the instances that were committed, in an order of services of the store's own: the
  /// next services' after `service`, or the first ones' after nil, all of each, one service after
  /// the other. Empty when there are no more.
  ///
  /// Nothing is committed to services and instances until the last slice was read.
  func instances(after service: ServiceName?) async throws(StoreError) -> [Instance]

  /// Makes `batch` durable, whole or not at all. It begins and ends where the caller is: by way of
  /// Swift's pool each commit would take two more turns.
  nonisolated(nonsending) func commit(_ batch: StoreBatch) async throws(StoreError)
}

/// What a store holds besides instances.
package struct StoredRegistry: Sendable {
  package var services: [ServiceRecord]
  package var position: StorePosition

  package init(services: [ServiceRecord] = [], position: StorePosition = StorePosition()) {
    self.services = services
    self.position = position
  }
}

/// The numbers that only go up.
package struct StorePosition: Equatable, Sendable {
  /// The highest revision given out.
  package var revision: UInt64
  /// The service zone's SOA serial; nil before the first start.
  package var serial: UInt32?

  package init(revision: UInt64 = 0, serial: UInt32? = nil) {
    self.revision = revision
    self.serial = serial
  }
}

/// Changes that are committed together.
package struct StoreBatch: Equatable, Sendable {
  package var services: [ServiceRecord]
  package var removedServices: [ServiceName]
  package var instances: [Instance]
  package var removedInstances: [InstanceKey]
  package var position: StorePosition

  package init(
    services: [ServiceRecord] = [], removedServices: [ServiceName] = [],
    instances: [Instance] = [], removedInstances: [InstanceKey] = [], position: StorePosition
  ) {
    self.services = services
    self.removedServices = removedServices
    self.instances = instances
    self.removedInstances = removedInstances
    self.position = position
  }

  /// The instances that it changes.
  var keys: [InstanceKey] { instances.map(\.key) + removedInstances }
}

/// Why a store did not do what it was asked.
package struct StoreError: Error, Equatable, CustomStringConvertible {
  /// One line for an operator.
  package let reason: String
  /// The changes may be on disk all the same.
  package let isOutcomeUnknown: Bool

  package var description: String { reason }

  package init(reason: String, isOutcomeUnknown: Bool) {
    self.reason = reason
    self.isOutcomeUnknown = isOutcomeUnknown
  }
}
