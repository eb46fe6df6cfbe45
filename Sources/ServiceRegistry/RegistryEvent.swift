// One change of the registry, as those who watch are told of it.

/// What happened to an instance or to a service; the raw value is what clients are told.
package enum RegistryEventKind: String, CaseIterable, Sendable {
  case registered
  case replaced
  case statusChanged = "status-changed"
  case draining
  /// A drain's time has come, and the instance is gone.
  case drained
  case deregistered
  case expired
  /// It has other settings, or is there from now on.
  case serviceConfigured = "service-configured"
  /// With all instances that it had.
  case serviceRemoved = "service-removed"
  /// The brake holds instances of the service. Nothing is stored of that, so it is no change that
  /// can be resumed at.
  case held
}

/// A change that is committed and published. It has no text of its own but an id that is longer
/// than 15 octets, so each takes 40 octets.
package struct RegistryEvent: Equatable, Sendable {
  /// Of the change; of ``RegistryEventKind/held`` that of the last change before.
  package let revision: UInt64
  package let service: ServiceName
  /// Nil where the service as a whole is concerned.
  package let id: Label?
  package let kind: RegistryEventKind

  init(revision: UInt64, _ kind: RegistryEventKind, of service: ServiceName, _ id: Label? = nil) {
    self.revision = revision
    self.service = service
    self.id = id
    self.kind = kind
  }

  package var key: InstanceKey? { id.map { InstanceKey(service: service, id: $0) } }
}

/// An event with what there is now of its instance.
package struct PublishedEvent: Sendable {
  package let event: RegistryEvent
  /// Nil where there is none, or none any more.
  package let instance: InstanceView?
}
