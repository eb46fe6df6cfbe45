// A service and its instances as the registry holds them in memory.

import DNSZone

/// What a store keeps of a service besides its instances.
package struct ServiceRecord: Equatable, Sendable {
  package let name: ServiceName
  /// The global revision of its last change, its instances' included.
  package var revision: UInt64
  /// Names that exist as long as the service does, with or without data.
  package var claims: ServiceClaims
  /// When its last instance went; nil while it has one.
  package var emptySince: WallTime?

  package init(
    name: ServiceName, revision: UInt64, claims: ServiceClaims, emptySince: WallTime?
  ) {
    self.name = name
    self.revision = revision
    self.claims = claims
    self.emptySince = emptySince
  }
}

/// The protocols, named ports and tags under which a service can be asked for.
package struct ServiceClaims: Equatable, Sendable {
  package struct Port: Hashable, Sendable {
    package let name: Label
    package let transport: TransportProtocol

    package init(name: Label, transport: TransportProtocol) {
      self.name = name
      self.transport = transport
    }
  }

  package var transports: Set<TransportProtocol>
  package var ports: Set<Port>
  package var tags: Set<Label>

  package init(
    transports: Set<TransportProtocol> = [], ports: Set<Port> = [], tags: Set<Label> = []
  ) {
    self.transports = transports
    self.ports = ports
    self.tags = tags
  }

  package init(_ registration: Registration) {
    transports = [registration.transport]
    ports = Set(registration.ports.map { Port(name: $0.name, transport: $0.transport) })
    tags = Set(registration.tags)
  }

  mutating func formUnion(_ other: ServiceClaims) {
    transports.formUnion(other.transports)
    ports.formUnion(other.ports)
    tags.formUnion(other.tags)
  }

  var isWithinLimits: Bool {
    ports.count <= RegistryLimits.rememberedNames && tags.count <= RegistryLimits.rememberedNames
  }
}

/// A service in memory.
struct Service {
  var record: ServiceRecord
  var members: [Label: Member] = [:]
  /// When it is forgotten; nil while it has instances.
  var emptyUntil: BootTime?

  /// An instance with its lease.
  struct Member {
    var instance: Instance
    /// ``RRset/noLease`` for an instance without a lease, or before leases run.
    var leaseEnd: BootTime
    var renewedAt: WallTime
    /// Out of all answers because its lease ended; its removal waits to be committed.
    var isExpired = false

    /// Whether callers are given this instance.
    var isLive: Bool { !isExpired && instance.registration.status.isLive }
  }
}
