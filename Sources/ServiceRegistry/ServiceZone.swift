// The service zone as the registry writes it.

package import DNSWire
package import DNSZone

/// Keeps the published zone equal to the registry's state.
///
/// Static records of a zone file win over registered ones of the same name.
package final class ServiceZone {
  let zone: Zone
  let domain: ZoneDomain
  /// The static records, with the serial of the file.
  var records: [ResourceRecord]
  /// Zones of their own below this one: nothing may be registered in them.
  var zonesBelow: Set<DomainName>
  package let names: OwnerNames
  private let serviceRecords: ServiceRecords
  /// Services of which static records hide something, with the names that are not pinned.
  private var hidden: [ServiceName: Set<DomainName>] = [:]
  /// Seconds that an answer for a registered name may be kept.
  private let ttl: UInt32
  private(set) var serial: UInt32

  /// Seconds that a negative answer in the service zone may be kept at most.
  package static let negativeTTL: UInt32 = 1

  /// - Parameters:
  ///   - zone: the static part.
  ///   - domain: where it and all other zones are published already.
  ///   - records: those of the static part, a SOA among them.
  ///   - ttl: seconds for registered names.
  package init(_ zone: Zone, in domain: ZoneDomain, records: [ResourceRecord], ttl: UInt32) {
    self.zone = zone
    self.domain = domain
    self.records = records
    self.ttl = ttl
    zonesBelow = Self.below(zone.apex, domain.apexes)
    names = OwnerNames(apex: zone.apex)
    serviceRecords = ServiceRecords(names: names)
    serial = zone.serial ?? 1
  }

  var apex: DomainName { zone.apex }
  var staticNames: StaticNames { zone.staticNames }

  /// Whether anything stands at `name` or below it.
  func exists(_ name: DomainName) -> Bool { zone.exists(name) }

  /// Nanoseconds before a lease end from which on it bounds TTLs.
  var ttlHorizon: BootTime { (BootTime(ttl) + 1) * 1_000_000_000 }

  /// The owner of what leaves no room for `name`: a static record, a delegation or DNAME above it,
  /// or another zone's apex.
  func staticOwner(claiming name: DomainName) -> DomainName? {
    if let owner = zone.staticNames.owner(claiming: name) { return owner }
    guard !zonesBelow.isEmpty else { return nil }
    return zonesBelow.first { name.isEqualOrBelow($0) }
  }

  func setSerial(_ serial: UInt32) {
    self.serial = serial
    guard let soa = records.first(where: { $0.type == .soa }) else { return }
    let rdata = SOA.rdata(soa.rdata, serial: serial)
    zone.publish(
      RRset(owner: soa.owner, type: .soa, ttl: soa.ttl, members: [RRset.Member(rdata: rdata)]),
      looksUpTargets: true)
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
  }

  // MARK: Services

  /// Makes exist what a service's names are now, with or without data, and no longer what they
  /// were; nil stands for no service.
  func changeClaims(of service: ServiceName, from old: ServiceClaims?, to new: ServiceClaims?) {
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

  private func noteHidden(_ service: ServiceName) {
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
    return Set(names.names(of: service, claims: claims) + [names.service(service)])
  }

  /// What of a service is to be brought up to date.
  struct Part {
    var ids: Set<Label> = []
    /// The shared names.
    var claims = ServiceClaims()
  }

  /// Publishes what that part of `service` is now.
  ///
  /// Targets come before the SRV records that name them and go after, so no answer ever names
  /// a host that does not exist.
  ///
  /// - Parameter other: the service of that name, whose names go before ports and instances.
  func publish(_ part: Part, of service: Service, other: (ServiceName) -> Service?) {
    for source in sources(part, service, other) {
      guard isFree(source.owner) else {
        noteHidden(service.record.name)
        continue
      }
      if let rrset = source.rrset(ttl: ttl, names: names) {
        zone.publish(rrset)
      } else {
        zone.withdraw(source.owner, source.type)
      }
    }
    for id in part.ids where service.members[id].map(\.isExpired) ?? true {
      let owner = names.instance(InstanceKey(service: service.record.name, id: id))
      guard isFree(owner) else { continue }
      zone.withdraw(owner, .txt)
      // A service may have taken the name over meanwhile.
      guard service.record.name.below(id).flatMap(other) == nil else { continue }
      for type in [RecordType.srv, .a, .aaaa] { zone.withdraw(owner, type) }
    }
  }

  /// Publishes when the leases of that part end, where nothing else has changed.
  func publishLeaseEnds(_ part: Part, of service: Service, other: (ServiceName) -> Service?) {
    for source in sources(part, service, other)
    where !source.members.isEmpty && isFree(source.owner) {
      zone.setLeaseEnd(source.leaseEnd, of: source.owner, source.type)
    }
  }

  /// Frees what the changes since the last call have replaced, as far as readers allow.
  func collect() {
    domain.collect()
  }

  private func sources(
    _ part: Part, _ service: Service, _ other: (ServiceName) -> Service?
  ) -> [RecordSource] {
    let hosts = part.ids.compactMap { service.members[$0] }.filter { !$0.isExpired }
    return hosts.flatMap(serviceRecords.host)
      + serviceRecords.shared(of: service, claims: part.claims) { port in
        let holder = service.record.name.below(port.name).flatMap(other)
        return holder?.record.claims.transports.contains(port.transport) ?? false
      }
  }

  /// Whether no static record stands in the way; at start registered names may be hidden so.
  private func isFree(_ name: DomainName) -> Bool {
    staticOwner(claiming: name) == nil
  }
}

extension UInt32 {
  /// The serial after this one, whichever of the two is later in serial number arithmetic
  /// (RFC 1982 section 3.2).
  func laterSerial(_ other: UInt32) -> UInt32 {
    Int32(bitPattern: other &- self) > 0 ? other : self
  }
}
