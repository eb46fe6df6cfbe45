// What changed zone files mean for the service zone and the zones beside it.

import DNSWire
import DNSZone

extension ServiceZone {
  /// The apexes of the zones that there would be below this one.
  private func apexesBelow(_ zones: StaticZones) -> Set<DomainName> {
    let apexes = zones.contents.map(\.apex) + zones.kept.filter { domain.zone(at: $0) != nil }
    return Set(apexes.filter { $0 != apex && $0.isEqualOrBelow(apex) })
  }

  /// A registered name that `zones` would leave no room for, and the static name that takes it.
  func conflict(
    with zones: StaticZones, _ services: [ServiceName: Service]
  ) -> (registered: DomainName, holder: DomainName)? {
    let below = apexesBelow(zones)
    let content = zones.contents.first { $0.apex == apex }
    let next = content.map { StaticNames(apex: apex, records: $0.records) } ?? staticNames
    // A name that is not in the zone holds no registered one and has none below it.
    let mayTake = next.owners.subtracting(staticNames.owners).union(below.subtracting(zonesBelow))
    guard mayTake.contains(where: exists) else { return nil }
    for service in services.values {
      for name in names(of: service) where staticOwner(claiming: name) == nil {
        if let holder = next.owner(claiming: name) { return (name, holder) }
        if let holder = below.first(where: name.isEqualOrBelow) { return (name, holder) }
      }
    }
    return nil
  }

  private func names(of service: Service) -> [DomainName] {
    let name = service.record.name
    return [names.service(name)] + names.names(of: name, claims: service.record.claims)
      + service.members.keys.map { names.instance(InstanceKey(service: name, id: $0)) }
  }

  /// The serial that this zone has with `zones`: another one if its content is other than now or
  /// its file has a later one.
  func serial(with zones: StaticZones) -> UInt32 {
    guard let content = zones.contents.first(where: { $0.apex == apex }), let soa = content.soa
    else { return serial }
    let later = serial.laterSerial(SOA.serial(soa.rdata))
    let isSame = later == serial && withoutSerial(content.records) == withoutSerial(records)
    return isSame ? serial : (serial &+ 1).laterSerial(later)
  }

  private func withoutSerial(_ records: [ResourceRecord]) -> [ResourceRecord] {
    records.map { record in
      var record = record
      if record.type == .soa { record.rdata = SOA.rdata(record.rdata, serial: 0) }
      return record
    }
  }

  /// Takes `zones` over, which must not be in conflict. Readers see this zone's new static records
  /// and the other zones when ``publish(_:)`` is called.
  func replaceStatic(with zones: StaticZones, serial: UInt32) -> ReplacedZones {
    var replaced = ReplacedZones()
    zonesBelow = apexesBelow(zones)
    for content in zones.contents {
      let report =
        content.apex == apex
        ? replaceOwn(content, serial: serial, &replaced) : replaceOther(content, &replaced)
      replaced.reports.append(report)
    }
    let wanted = Set(zones.contents.map(\.apex)).union(zones.kept)
    replaced.removed = domain.apexes.filter { !wanted.contains($0) }
    replaced.reports += replaced.removed.map { ZoneReport($0, .removed, serial: nil) }
    replaced.reports += zones.kept.compactMap { apex in
      domain.zone(at: apex).map { ZoneReport(apex, .kept, serial: $0.serial) }
    }
    replaced.reports.sort { $0.apex.description < $1.apex.description }
    return replaced
  }

  private func replaceOwn(
    _ content: StaticZones.Content, serial: UInt32, _ replaced: inout ReplacedZones
  ) -> ZoneReport {
    guard serial != self.serial else { return ZoneReport(apex, .unchanged, serial: serial) }
    records = content.records
    replaceStatic(serial: serial)
    replaced.changed.append(zone)
    return ZoneReport(apex, .changed, serial: serial)
  }

  private func replaceOther(
    _ content: StaticZones.Content, _ replaced: inout ReplacedZones
  ) -> ZoneReport {
    let serial = content.soa.map { SOA.serial($0.rdata) }
    guard let zone = domain.zone(at: content.apex), !zone.isBroken else {
      replaced.changed.append(Zone(apex: content.apex, records: content.records, in: domain))
      return ZoneReport(content.apex, .added, serial: serial)
    }
    let before = zone.serial
    guard zone.replaceStatic(with: content.records) else {
      return ZoneReport(content.apex, .unchanged, serial: serial)
    }
    replaced.changed.append(zone)
    let isLater = before.map { serial != $0 && $0.laterSerial(serial ?? $0) == serial } ?? true
    return ZoneReport(content.apex, .changed, serial: serial, isSerialStale: !isLater)
  }

  /// Lets readers see what was replaced, all of it at once.
  func publish(_ replaced: ReplacedZones) {
    domain.publish(replaced.changed, removing: replaced.removed)
  }
}

/// What a reload has prepared.
struct ReplacedZones {
  var changed: [Zone] = []
  var removed: [DomainName] = []
  var reports: [ZoneReport] = []
}
