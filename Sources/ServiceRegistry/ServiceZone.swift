// The service zone as the registry writes it.

package import DNSWire
package import DNSZone

/// Keeps the published zone equal to the registry's state.
///
/// Static records of a zone file win over registered ones of the same name.
package final class ServiceZone {
  let zone: Zone
  let domain: ZoneDomain
  private let reverse: ReverseZones
  /// The static records, with the serial of the file.
  var records: [ResourceRecord]
  /// Zones of their own below this one: nothing may be registered in them.
  var zonesBelow: Set<DomainName>
  package let names: OwnerNames
  let serviceRecords: ServiceRecords
  var rrsets = OwnerRRsets()
  /// The types of service that can be browsed.
  var browsedTypes: [ServiceClaims.Port: BrowsedType] = [:]
  /// By the names below types that had to be cut: the own names of the instances that have them.
  var cutNames: [DomainName: DomainName] = [:]
  /// The labels right below the apex of all static names and zones below.
  private var staticTops: Set<String> = []
  /// Services of which static records hide something, with the names that are not pinned.
  private var hidden: [ServiceName: Set<DomainName>] = [:]
  /// Seconds that an answer for a registered name may be kept at most, where its service sets
  /// nothing else.
  let ttl: UInt32
  /// Whether TXT records tell instances' metadata.
  private let publishesMetadata: Bool
  private(set) var serial: UInt32

  /// Seconds that a negative answer in the service zone may be kept at most.
  package static let negativeTTL: UInt32 = 1

  /// - Parameters:
  ///   - zone: the static part.
  ///   - domain: where it and all other zones are published already.
  ///   - records: those of the static part, a SOA among them.
  ///   - ttl: seconds for registered names.
  ///   - publishesMetadata: whether TXT records tell it.
  ///   - reverse: the zones for registered addresses, published too.
  package init(
    _ zone: Zone, in domain: ZoneDomain, records: [ResourceRecord], ttl: UInt32,
    publishesMetadata: Bool = true, reverse: ReverseZones = ReverseZones([])
  ) {
    self.reverse = reverse
    self.publishesMetadata = publishesMetadata
    self.zone = zone
    self.domain = domain
    self.records = records
    self.ttl = ttl
    zonesBelow = Self.below(zone.apex, domain.apexes)
    names = OwnerNames(apex: zone.apex)
    serviceRecords = ServiceRecords(names: names)
    serial = zone.serial ?? 1
    noteStaticTops()
    publishBrowsing()
  }

  var apex: DomainName { zone.apex }
  var staticNames: StaticNames { zone.staticNames }

  /// Whether anything stands at `name` or below it.
  func exists(_ name: DomainName) -> Bool { zone.exists(name) }

  /// The owner of what leaves no room for `name`: a static record, a delegation or DNAME above it,
  /// or another zone's apex.
  func staticOwner(claiming name: DomainName) -> DomainName? {
    if let owner = zone.staticNames.owner(claiming: name) { return owner }
    guard !zonesBelow.isEmpty else { return nil }
    return zonesBelow.first { name.isEqualOrBelow($0) }
  }

  /// To be called when static names or zones below have changed.
  func noteStaticTops() {
    let owners = staticNames.owners.union(zonesBelow)
    staticTops = Set(
      owners.compactMap { owner in
        guard owner != apex, owner.isEqualOrBelow(apex) else { return nil }
        let labels = owner.lowercased.labels.dropLast(apex.labels.count)
        return labels.last.map { String(decoding: $0, as: UTF8.self) }
      })
  }

  /// Whether something static may stand where names of `service` are, or above one; false for
  /// nearly all services, without making their names.
  func mayHide(_ service: ServiceName) -> Bool {
    // A DNAME at the apex leaves room for nothing.
    guard let top = service.labels.last, !staticNames.cuts.contains(apex) else { return true }
    if staticTops.contains(top.key) { return true }
    return service.labels.count == 1 && mayHideTransports
  }

  /// The same of names right below those of protocols.
  private var mayHideTransports: Bool {
    TransportProtocol.allCases.contains { staticTops.contains("_\($0.rawValue)") }
  }

  /// The same of names by which instances are browsed for.
  var mayHideBrowsing: Bool {
    !staticTops.isEmpty && mayHideTransports || staticNames.cuts.contains(apex)
  }

  func setSerial(_ serial: UInt32) {
    self.serial = serial
    guard let soa = records.first(where: { $0.type == .soa }) else { return }
    let rdata = SOA.rdata(soa.rdata, serial: serial)
    zone.publish(RRset(owner: soa.owner, type: .soa, ttl: soa.ttl, rdata: [rdata]))
    reverse.publishApexes(records, serial: serial)
  }

  /// Makes ``records`` the static ones, with another serial than the file's.
  func replaceStatic(serial: UInt32) {
    self.serial = serial
    _ = zone.replaceStatic(
      with: records.map { record in
        var record = record
        if record.type == .soa { record.rdata = SOA.rdata(record.rdata, serial: serial) }
        return record
      })
    publishBrowsing()
    reverse.publishApexes(records, serial: serial)
  }

  // MARK: Services

  /// Makes exist what a service's names are now, with or without data, and no longer what they
  /// were; nil stands for no service.
  func changeClaims(of service: ServiceName, from old: ServiceClaims?, to new: ServiceClaims?) {
    guard old != new else { return }
    changeTypes(of: service, from: old, to: new)
    let before = names(of: service, old)
    let after = names(of: service, new)
    for name in after.subtracting(before) {
      if isFree(name) { zone.pin(name) } else { hidden[service, default: []].insert(name) }
    }
    for name in before.subtracting(after) where hidden[service]?.remove(name) == nil {
      zone.unpin(name)
    }
    if new == nil { hidden[service] = nil }
  }

  func noteHidden(_ service: ServiceName) {
    if hidden[service] == nil { hidden[service] = [] }
  }

  /// Makes exist what static records hid and no longer hide.
  /// - Returns: the services of which something may be to publish.
  func pinRevealed() -> [ServiceName] {
    let before = hidden
    hidden = [:]
    for (service, names) in before {
      let stillHidden = names.filter { !isFree($0) }
      for name in names.subtracting(stillHidden) { zone.pin(name) }
      // Whatever else is still hidden is noted when the service is published.
      if !stillHidden.isEmpty { hidden[service] = stillHidden }
    }
    return Array(before.keys)
  }

  private func names(of service: ServiceName, _ claims: ServiceClaims?) -> Set<DomainName> {
    guard let claims else { return [] }
    return Set(
      names.names(of: service, claims: claims) + [names.service(service)]
        + claims.ports.map(names.serviceType))
  }

  /// What of a service is to be brought up to date.
  struct Part {
    var members: [Member] = []
    /// Instances that are gone.
    var removed: [Member] = []
    /// What instances were answered from before.
    var replaced: [InstanceBlock] = []
    /// The shared names.
    var claims = ServiceClaims()
    /// Ports that instances had, with what they were answered from then.
    var formerPorts: [(instance: InstanceBlock, ports: [NamedPort])] = []
  }

  /// What is answered for an instance, of which nobody knows yet.
  ///
  /// - Parameters:
  ///   - service: what it is an instance of.
  ///   - owner: the service's owner name in wire form.
  func makeBlock(
    of instance: Instance, _ service: Service, owner: [UInt8]
  ) -> InstanceBlock {
    let registration = instance.registration
    var text: [UInt8] = []
    registration.metadata.appendRDATA(to: &text)
    return zone.makeInstance(
      InstanceBlock.Content(
        name: names.instance(instance.key.id, service: owner),
        addresses: registration.addresses, port: registration.port,
        priority: registration.priority, weight: registration.weight, text: text,
        isTextHidden: !publishesMetadata,
        ttl: ownTTL(isDraining: instance.safeAt != nil, service)))
  }

  /// Seconds that answers with instances of the service may be kept at most.
  func ttl(of service: Service) -> UInt32 { service.record.settings.ttl ?? ttl }

  /// The same of an instance's own name. While it drains its address is for those who are about to
  /// connect: however little was left, a kept one would last longer by the time that it was under
  /// way, and so past the instance's end.
  func ownTTL(isDraining: Bool, _ service: Service) -> UInt32 {
    isDraining ? 0 : ttl(of: service)
  }

  /// Publishes what that part of `service` is now.
  ///
  /// Targets come before the SRV records that name them and go after, so no answer ever names
  /// a host that does not exist.
  ///
  /// - Parameter child: the service whose name is the label before this one's: its names go before
  ///   ports.
  func publish(_ part: Part, of service: Service, child: (Label) -> Service?) {
    let owner = names.service(service.name).wire
    let mayHide = mayHide(service.name)
    func isFree(_ name: [UInt8]) -> Bool {
      guard mayHide, !self.isFree(DomainName(uncheckedWire: name)) else { return true }
      noteHidden(service.name)
      return false
    }
    for member in part.members where !member.isExpired {
      guard !mayHide || isFree(names.instance(member.id, service: owner)) else { continue }
      zone.publish(member.block)
    }
    for group in serviceRecords.groups(of: service, claims: part.claims, child: child)
    where isFree(group.name.owner) {
      group.add(
        to: &rrsets, ttl: ttl(of: service), maxAnswers: service.record.settings.maxAnswers)
      zone.replaceAll(at: group.name.owner, with: &rrsets) { $0 == .ptr }
    }
    for member in part.members where !member.isExpired { publishServiceInstances(of: member) }
    for member in part.members {
      reverse.set(member.block, isLive: member.isLive && !service.isLeaving)
    }
    publishLists(part.claims.ports, of: service)
    for (instance, ports) in part.formerPorts { withdrawServiceInstances(instance, ports) }
    for member in part.members where member.isExpired {
      withdrawServiceInstances(member.block, member.ports)
      zone.withdraw(member.block)
    }
    remove(part.replaced)
    remove(part.removed)
  }

  /// Takes away instances that are in no set any more.
  func remove(_ members: [Member]) {
    for member in members { withdrawServiceInstances(member.block, member.ports) }
    remove(members.map(\.block))
  }

  private func remove(_ blocks: [InstanceBlock]) {
    for block in blocks {
      reverse.set(block, isLive: false)
      zone.withdraw(block)
      zone.free(block)
    }
  }

  /// Frees what the changes since the last call have replaced, as far as readers allow.
  func collect() {
    domain.collect()
  }

  /// Whether no static record stands in the way; at start registered names may be hidden so.
  func isFree(_ name: DomainName) -> Bool {
    staticOwner(claiming: name) == nil
  }
}

extension UInt32 {
  /// The serial after this one, whichever of the two is later in serial number arithmetic
  /// (RFC 1982 section 3.2).
  package func laterSerial(_ other: UInt32) -> UInt32 {
    Int32(bitPattern: other &- self) > 0 ? other : self
  }
}
