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

  /// Begins to write all that there is to keep anew, beside what is stored. What an earlier attempt
  /// has left is dropped.
  nonisolated(nonsending) func beginReplacement() async throws(StoreError)

  /// Adds services, and instances of these or of services that were added before.
  nonisolated(nonsending) func addToReplacement(_ slice: StoreBatch) async throws(StoreError)

  /// Puts what was added in the place of all that was stored, durably and in one step. Whenever it
  /// is cut off, all is there as it was before, or all of the new.
  nonisolated(nonsending) func finishReplacement() async throws(StoreError)
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
  /// With all instances that they have so far; removed before anything else is done, so a service
  /// may be in ``services`` too and begin anew.
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
}

/// Why a store did not do what it was asked.
package struct StoreError: Error, Equatable, CustomStringConvertible {
  /// One line for operators. Clients are told of what became of a commit in the same words, so
  /// they name no path then.
  package let reason: String
  /// The changes may be on disk all the same.
  package let isOutcomeUnknown: Bool
  /// What is stored may be other than what was committed, or not last: it has to be written anew.
  package let needsReplacement: Bool

  package var description: String { reason }

  /// - Parameter needsReplacement: nil: when the outcome is unknown.
  package init(reason: String, isOutcomeUnknown: Bool, needsReplacement: Bool? = nil) {
    self.reason = reason
    self.isOutcomeUnknown = isOutcomeUnknown
    self.needsReplacement = needsReplacement ?? isOutcomeUnknown
  }
}
