// What the records of a zone must be together.

import DNSWire

/// The records of a zone file as one zone: checked, each once, with one TTL in each RRset.
struct ZoneCheck {
  let apex: DomainName
  let records: [ResourceRecord]
  let warnings: [ZoneFileWarning]

  /// - Throws: the first thing that is wrong with the zone.
  init(path: String, files: [String], records: [PlacedRecord]) throws(ZoneFileError) {
    let rules = ZoneRules(path: path, files: files)
    let soa = try rules.onlySOA(records)
    apex = soa.record.owner
    try rules.requireNoneOutside(apex, records)
    try rules.requireNS(at: soa, records)
    var rrsets = RRsets(records)
    let distinct = rrsets.distinct(records)
    try rules.requireAliasesAlone(distinct)
    warnings = rrsets.warnings.map { place, text in
      ZoneFileWarning(file: files[place.file], line: place.line, text: text)
    }
    self.records = distinct.map(\.record)
  }
}

/// The rules, each with the record to blame.
private struct ZoneRules {
  let path: String
  let files: [String]

  func error(_ place: PlacedRecord, _ reason: String) -> ZoneFileError {
    ZoneFileError(file: files[place.file], line: place.line, reason: reason)
  }

  func onlySOA(_ records: [PlacedRecord]) throws(ZoneFileError) -> PlacedRecord {
    var found: PlacedRecord?
    for record in records where record.record.type == .soa {
      guard found == nil else { throw error(record, "there is a second SOA record") }
      found = record
    }
    guard let found else { throw ZoneFileError(file: path, line: nil, reason: "there is no SOA") }
    return found
  }

  func requireNoneOutside(
    _ apex: DomainName, _ records: [PlacedRecord]
  ) throws(ZoneFileError) {
    for record in records where !record.record.owner.isEqualOrBelow(apex) {
      throw error(record, "\(record.record.owner) is outside the zone \(apex)")
    }
  }

  func requireNS(at soa: PlacedRecord, _ records: [PlacedRecord]) throws(ZoneFileError) {
    let apex = soa.record.owner
    guard records.contains(where: { $0.record.type == .ns && $0.record.owner == apex }) else {
      throw error(soa, "the zone \(apex) has no NS record at its apex")
    }
  }

  /// CNAME beside no other data (RFC 2181 section 10.1) but what signs it (RFC 4035 section 2.5);
  /// one CNAME and one DNAME at an owner (RFC 6672 section 2.4).
  func requireAliasesAlone(_ distinct: [PlacedRecord]) throws(ZoneFileError) {
    var cnames: [DomainName: Int] = [:]
    var dnames: Set<DomainName> = []
    for (index, record) in distinct.enumerated() {
      let owner = record.record.owner
      if record.record.type == .cname, cnames.updateValue(index, forKey: owner) != nil {
        throw error(record, "there is a second CNAME record at \(owner)")
      }
      if record.record.type == .dname, !dnames.insert(owner).inserted {
        throw error(record, "there is a second DNAME record at \(owner)")
      }
    }
    guard !cnames.isEmpty else { return }
    for (index, record) in distinct.enumerated() {
      guard ![.cname, .rrsig, .nsec].contains(record.record.type) else { continue }
      guard let cname = cnames[record.record.owner] else { continue }
      throw error(
        distinct[max(index, cname)],
        "there is a CNAME record beside other data at \(record.record.owner)")
    }
  }
}
