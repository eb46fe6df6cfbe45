// The service zone as the registry writes it.

package import DNSWire
package import DNSZone

/// Keeps the published zone equal to the registry's state.
///
/// Static records of a zone file win over registered ones of the same name.
package final class ServiceZone {
  private let zone: Zone
  private let domain: ZoneDomain
  private let soa: ResourceRecord
  let names: OwnerNames
  private let records: ServiceRecords
  private(set) var serial: UInt32
  /// Seconds before a lease end from which on it bounds TTLs.
  var ttlHorizon: BootTime { (BootTime(records.ttl) + 1) * 1_000_000_000 }

  /// Seconds that a negative answer in the service zone may be kept at most.
  package static let negativeTTL: UInt32 = 1

  /// - Parameters:
  ///   - zone: the static part, published in `domain` already or later.
  ///   - soa: its SOA record.
  ///   - ttl: seconds for registered names.
  package init(_ zone: Zone, in domain: ZoneDomain, soa: ResourceRecord, ttl: UInt32) {
    self.zone = zone
    self.domain = domain
    self.soa = soa
    names = OwnerNames(apex: zone.apex)
    records = ServiceRecords(names: names, ttl: ttl)
    serial = soa.serial
  }

  /// The static owner that leaves no room for `name`.
  func staticOwner(claiming name: DomainName) -> DomainName? {
    zone.staticOwner(claiming: name)
  }

  func setSerial(_ serial: UInt32) {
    self.serial = serial
    var rdata = soa.rdata
    rdata.replaceSubrange(
      soa.serialRange, with: stride(from: 24, through: 0, by: -8).map { UInt8(serial >> $0 & 0xFF) }
    )
    zone.publish(
      RRset(owner: soa.owner, type: .soa, ttl: soa.ttl, members: [RRset.Member(rdata: rdata)]),
      looksUpTargets: true)
  }

  // MARK: Services

  /// Makes exist what a service's names are now, with or without data, and no longer what they
  /// were; nil stands for no service.
  func changeClaims(of service: ServiceName, from old: ServiceClaims?, to new: ServiceClaims?) {
    let before = names(of: service, old)
    let after = names(of: service, new)
    for name in after.subtracting(before) where isFree(name) { zone.pin(name) }
    for name in before.subtracting(after) where isFree(name) { zone.unpin(name) }
  }

  private func names(of service: ServiceName, _ claims: ServiceClaims?) -> Set<DomainName> {
    guard let claims else { return [] }
    return Set(names.names(of: service, claims: claims) + [names.service(service)])
  }

  /// Publishes what `service` has now: the instances in `ids`, and the shared names in `claims`.
  ///
  /// Targets come before the SRV records that name them and go after, so no answer ever names
  /// a host that does not exist.
  func publish(
    _ service: Service, instances ids: some Sequence<Label>, claims: ServiceClaims,
    isPortHidden: (ServiceClaims.Port) -> Bool
  ) {
    var gone: [DomainName] = []
    for id in ids {
      if let member = service.members[id], !member.isExpired {
        for content in records.host(member) { publish(content) }
      } else {
        gone.append(names.instance(InstanceKey(service: service.record.name, id: id)))
      }
    }
    let shared = records.shared(of: service, claims: claims, isPortHidden: isPortHidden)
    for content in shared { publish(content) }
    for owner in gone where isFree(owner) {
      for type in [RecordType.srv, .txt, .a, .aaaa] { zone.withdraw(owner, type) }
    }
  }

  /// Frees what the changes since the last call have replaced, as far as readers allow.
  func collect() {
    domain.collect()
  }

  private func publish(_ content: ServiceRecords.Content) {
    guard isFree(content.owner) else { return }
    guard !content.members.isEmpty else {
      zone.withdraw(content.owner, content.type)
      return
    }
    zone.publish(
      RRset(
        owner: content.owner, type: content.type, ttl: records.ttl, members: content.members,
        leaseEnd: content.leaseEnd))
  }

  /// Whether no static record stands in the way; at start registered names may be hidden so.
  private func isFree(_ name: DomainName) -> Bool {
    staticOwner(claiming: name) == nil
  }
}

extension ResourceRecord {
  /// Where a SOA's SERIAL stands: before REFRESH, RETRY, EXPIRE and MINIMUM (RFC 1035 section
  /// 3.3.13).
  fileprivate var serialRange: Range<Int> { rdata.count - 20..<rdata.count - 16 }

  /// A SOA's serial.
  package var serial: UInt32 {
    rdata[serialRange].reduce(0) { $0 << 8 | UInt32($1) }
  }
}

extension UInt32 {
  /// The serial after this one, whichever of the two is later in serial number arithmetic
  /// (RFC 1982 section 3.2).
  func laterSerial(_ other: UInt32) -> UInt32 {
    Int32(bitPattern: other &- self) > 0 ? other : self
  }
}
