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
  package internal(set) var settings: ServiceSettings
  package internal(set) var formerTTL: FormerTTL?

  package init(
    name: ServiceName, revision: UInt64, claims: ServiceClaims, emptySince: WallTime?,
    settings: ServiceSettings = .usual, formerTTL: FormerTTL? = nil
  ) {
    self.name = name
    self.revision = revision
    self.claims = claims
    self.emptySince = emptySince
    self.settings = settings
    self.formerTTL = formerTTL
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
    insert(registration.transport, registration.ports, registration.tags)
  }

  mutating func insert(_ member: Member) {
    insert(member.transport, member.ports, member.tags)
  }

  private mutating func insert(
    _ transport: TransportProtocol, _ ports: [NamedPort], _ tags: [Label]
  ) {
    transports.insert(transport)
    for port in ports { self.ports.insert(port.claim) }
    for tag in tags { self.tags.insert(tag) }
  }

  /// What these make known and `others` do not.
  func subtracting(_ others: ServiceClaims) -> ServiceClaims {
    ServiceClaims(
      transports: transports.subtracting(others.transports),
      ports: ports.subtracting(others.ports), tags: tags.subtracting(others.tags))
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
  /// Members whose lease has ended and which the zone still holds.
  private(set) var ended: [Member] = []
  /// Of the members that drain: few at any time.
  private var drains: [Label: Drain] = [:]
  /// It is being removed: none of its members is given to callers any more.
  private(set) var isLeaving = false
  /// When it is forgotten; nil while it has instances or settings.
  var emptyUntil: BootTime?

  init(record: ServiceRecord) {
    self.record = record
  }

  var name: ServiceName { record.name }

  func member(_ id: Label) -> Member? {
    let (place, isThere) = place(of: id)
    return isThere ? members[place] : nil
  }

  /// Where the member is, or would be.
  private func place(of id: Label) -> (Int, isThere: Bool) {
    var key = id.key
    return key.withUTF8 { key in
      // Many come in order.
      if let last = members.last, last.compare(with: key) < 0 { return (members.count, false) }
      var low = 0
      var high = members.count
      while low < high {
        let middle = (low + high) / 2
        let order = members[middle].compare(with: key)
        if order == 0 { return (middle, true) }
        if order < 0 { low = middle + 1 } else { high = middle }
      }
      return (low, false)
    }
  }

  /// - Precondition: there is none with that id.
  func insert(_ member: Member) {
    members.insert(member, at: place(of: member.id).0)
  }

  func remove(_ id: Label) -> Member? {
    let (place, isThere) = place(of: id)
    guard isThere else { return nil }
    let member = members.remove(at: place)
    if member.isExpired { ended.removeAll { $0 === member } }
    if member.isDraining { drains[id] = nil }
    return member
  }

  func leave() {
    isLeaving = true
    ended = []
  }

  /// - Returns: those that are removed: the last `count` ones, or all if there are no more.
  func removeLast(_ count: Int) -> [Member] {
    let removed = Array(members.suffix(count))
    members.removeLast(removed.count)
    return removed
  }

  func noteEnd(of member: Member) {
    ended.append(member)
  }

  /// Those noted that have not come back since; none is noted any more.
  func takeEnded() -> [Member] {
    defer { ended = [] }
    return ended.filter(\.isExpired)
  }

  /// The members whose ids come after `id`, in order; nil: all.
  func members(after id: Label?) -> ArraySlice<Member> {
    guard let id else { return members[...] }
    let (place, isThere) = place(of: id)
    return members[(isThere ? place + 1 : place)...]
  }

  /// Whether the SRV name of `port` of the service above is this service's own.
  func takesName(of port: ServiceClaims.Port) -> Bool {
    record.claims.transports.contains(port.transport)
  }

  // MARK: Drains

  func drain(of id: Label) -> Drain? { drains[id] }

  /// Lets the member with that id drain; nil: it does not, or no longer.
  func setDrain(_ drain: Drain?, of id: Label, _ member: Member) {
    guard drain != nil || member.isDraining else { return }
    drains[id] = drain
    member.isDraining = drain != nil
  }
}
