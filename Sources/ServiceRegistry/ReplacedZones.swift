// Changed zones beside the service zone, prepared where that holds nobody up.

package import DNSWire
package import DNSZone

/// What a reload has prepared and readers do not see yet.
///
/// Sound to hand from the thread that reads files to the registry's: zones beside the service zone
/// are changed by reloads only, one reload is over before the next begins, and whoever hands this
/// over keeps nothing of it.
package struct ReplacedZones: @unchecked Sendable {
  private(set) var changed: [Zone] = []
  private(set) var removed: [DomainName] = []
  private(set) var reports: [ZoneReport] = []

  /// Prepares all of `zones` but the service zone. Should the reload be refused, what was prepared
  /// waits in the zones for the next one.
  ///
  /// - Parameter own: the apexes of the service zone and of the reverse zones.
  package init(_ zones: StaticZones, besides own: Set<DomainName>, in domain: ZoneDomain) {
    for content in zones.contents where !own.contains(content.apex) { replace(content, in: domain) }
    let wanted = Set(zones.contents.map(\.apex)).union(zones.kept).union(own)
    removed = domain.apexes.filter { !wanted.contains($0) }
    reports += removed.map { ZoneReport($0, .removed, serial: nil) }
    reports += zones.kept.compactMap { apex in
      domain.zone(at: apex).map { ZoneReport(apex, .kept, serial: $0.visibleSerial) }
    }
  }

  private mutating func replace(_ content: StaticZones.Content, in domain: ZoneDomain) {
    let serial = content.soa.map { SOA.serial($0.rdata) }
    guard let zone = domain.zone(at: content.apex), !zone.isBroken else {
      changed.append(Zone(apex: content.apex, records: content.records, in: domain))
      reports.append(ZoneReport(content.apex, .added, serial: serial))
      return
    }
    let before = zone.visibleSerial
    guard zone.replaceStatic(with: content.records) else {
      reports.append(ZoneReport(content.apex, .unchanged, serial: serial))
      return
    }
    changed.append(zone)
    let isLater = before.map { serial != $0 && $0.laterSerial(serial ?? $0) == serial } ?? true
    reports.append(ZoneReport(content.apex, .changed, serial: serial, isSerialStale: !isLater))
  }

  /// Adds what became of the service zone.
  mutating func add(_ zone: Zone, _ report: ZoneReport) {
    if report.outcome == .changed { changed.append(zone) }
    reports.append(report)
    reports.sort { $0.apex.description < $1.apex.description }
  }
}
