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
    self.init()
    insert(registration)
  }

  /// Adds what `registration` makes known; mostly that is there already.
  mutating func insert(_ registration: Registration) {
    transports.insert(registration.transport)
    for port in registration.ports {
      ports.insert(Port(name: port.name, transport: port.transport))
    }
    for tag in registration.tags { tags.insert(tag) }
  }

  var isWithinLimits: Bool {
    ports.count <= RegistryLimits.rememberedNames && tags.count <= RegistryLimits.rememberedNames
  }
}

/// A service in memory; the registry's own.
final class Service {
  var record: ServiceRecord
  /// In order of id.
  private(set) var members: [Member] = []
  /// When it is forgotten; nil while it has instances.
  var emptyUntil: BootTime?

  init(record: ServiceRecord) {
    self.record = record
  }

  var name: ServiceName { record.name }

  func member(_ id: Label) -> Member? {
    let place = place(of: id)
    guard place < members.count, members[place].id == id else { return nil }
    return members[place]
  }

  /// Where the member is, or would be.
  private func place(of id: Label) -> Int {
    // Many come in order.
    if let last = members.last, last.id < id { return members.count }
    var low = 0
    var high = members.count
    while low < high {
      let middle = (low + high) / 2
      if members[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// - Precondition: there is none with that id.
  func insert(_ member: Member) {
    members.insert(member, at: place(of: member.id))
  }

  func remove(_ id: Label) -> Member? {
    let place = place(of: id)
    guard place < members.count, members[place].id == id else { return nil }
    return members.remove(at: place)
  }
}

/// An instance in memory with its lease; the registry's own.
final class Member {
  /// What is stored of it.
  private(set) var instance: Instance
  /// ``RRset/noLease`` for an instance without a lease, or before leases run.
  var leaseEnd = RRset.noLease
  var renewedAt: WallTime
  /// When the lease will be looked at; ``RRset/noLease`` when it will not.
  var lookAt = RRset.noLease
  /// Its place among those that are looked at then.
  var lookPlace = 0
  /// Out of all answers because its lease ended; its removal waits to be committed.
  var isExpired = false

  init(_ instance: Instance, renewedAt: WallTime) {
    self.instance = instance
    self.renewedAt = renewedAt
  }

  var id: Label { instance.key.id }
  var registration: Registration { instance.registration }

  /// Whether callers are given this instance.
  var isLive: Bool { !isExpired && instance.registration.status.isLive }

  /// Begins the lease anew.
  func restartLease(at now: BootTime, wall: WallTime) {
    renewedAt = wall
    if let seconds = instance.registration.leaseSeconds {
      leaseEnd = now + BootTime(seconds) * 1_000_000_000
    }
  }

  /// What is stored has changed; the lease begins anew, once it is told to.
  func replace(with instance: Instance, at now: WallTime) {
    self.instance = instance
    leaseEnd = RRset.noLease
    renewedAt = now
    isExpired = false
  }
}
