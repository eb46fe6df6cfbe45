// What changed zone files mean for the service zone.

import DNSWire
import DNSZone

extension ServiceZone {
  /// Those of `apexes` that are below `apex`.
  static func below(_ apex: DomainName, _ apexes: some Sequence<DomainName>) -> Set<DomainName> {
    Set(apexes.filter { $0 != apex && $0.isEqualOrBelow(apex) })
  }

  private func zonesBelow(_ zones: StaticZones) -> Set<DomainName> {
    let kept = zones.kept.filter { domain.zone(at: $0) != nil }
    return Self.below(apex, zones.contents.map(\.apex) + kept)
  }

  private func ownContent(_ zones: StaticZones) -> StaticZones.Content? {
    zones.contents.first { $0.apex == apex }
  }

  /// A registered name that `zones` would leave no room for, and the static name that takes it.
  func conflict(
    with zones: StaticZones, _ services: [ServiceName: Service]
  ) -> (registered: DomainName, holder: DomainName)? {
    let next = ownContent(zones).map { StaticNames(apex: apex, records: $0.records) } ?? staticNames
    // A name that is not in the zone holds no registered one and has none below it.
    let owners = next.owners.subtracting(staticNames.owners).filter(exists)
    let cuts = next.cuts.subtracting(staticNames.cuts).filter(exists)
    let below = zonesBelow(zones).subtracting(zonesBelow).filter(exists)
    guard !owners.isEmpty || !cuts.isEmpty || !below.isEmpty else { return nil }
    let tops = cuts.union(below)
    let taken = owners.union(below)
    let takenByParent = Dictionary(grouping: taken) { $0.parent ?? .root }
    for service in services.values {
      for name in sharedNames(of: service) where staticOwner(claiming: name) == nil {
        if owners.contains(name) { return (name, name) }
        if let top = below.first(where: name.isEqualOrBelow) { return (name, top) }
        if let cut = cuts.first(where: { name != $0 && name.isEqualOrBelow($0) }) {
          return (name, cut)
        }
      }
      if let (name, holder) = browsedName(
        of: service, in: taken, below: tops, isParent: { takenByParent[$0] != nil })
      {
        return (name, holder)
      }
      let parent = names.service(service.record.name)
      if let top = tops.first(where: parent.isEqualOrBelow),
        let name = instanceName(of: service, where: { _ in true })
      {
        return (name, top)
      }
      if let taken = takenByParent[parent],
        let name = instanceName(of: service, where: taken.contains)
      {
        return (name, name)
      }
    }
    return nil
  }

  /// The name of one of its instances that is answered and meets the condition.
  private func instanceName(
    of service: Service, where isWanted: (DomainName) -> Bool
  ) -> DomainName? {
    for member in service.members where !member.isExpired {
      let name = names.instance(member.key)
      if isWanted(name) && staticOwner(claiming: name) == nil { return name }
    }
    return nil
  }

  private func sharedNames(of service: Service) -> [DomainName] {
    let name = service.record.name
    return [names.service(name)] + names.names(of: name, claims: service.record.claims)
  }

  /// The serial that this zone has with `zones`: another one if its content, or the set of zones
  /// below it, is other than now, or its file has a later one.
  func serial(with zones: StaticZones) -> UInt32 {
    var later = serial
    var isSame = zonesBelow(zones) == zonesBelow
    if let content = ownContent(zones), let soa = content.soa {
      later = serial.laterSerial(SOA.serial(soa.rdata))
      isSame =
        isSame && later == serial && withoutSerial(content.records) == withoutSerial(records)
    }
    return isSame ? serial : (serial &+ 1).laterSerial(later)
  }

  private func withoutSerial(_ records: [ResourceRecord]) -> [ResourceRecord] {
    records.map { record in
      var record = record
      if record.type == .soa { record.rdata = SOA.rdata(record.rdata, serial: 0) }
      return record
    }
  }

  /// Takes over what `zones` say of this zone and of those below it, which must not be in conflict.
  /// Readers see it when ``publish(_:)`` is called.
  func replaceStatic(
    with zones: StaticZones, serial: UInt32, _ replaced: inout ReplacedZones
  ) {
    zonesBelow = zonesBelow(zones)
    defer { noteStaticTops() }
    guard serial != self.serial else {
      let isKept = ownContent(zones) == nil
      // A kept zone's report is among the prepared ones.
      if !isKept { replaced.add(zone, ZoneReport(apex, .unchanged, serial: serial)) }
      return
    }
    if let content = ownContent(zones) { records = content.records }
    replaceStatic(serial: serial)
    replaced.add(zone, ZoneReport(apex, .changed, serial: serial))
  }

  /// Lets readers see what was replaced, all of it at once.
  func publish(_ replaced: ReplacedZones) {
    domain.publish(replaced.changed, removing: replaced.removed)
  }
}
