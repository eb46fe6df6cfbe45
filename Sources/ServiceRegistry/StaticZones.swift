// The static zones as their files say now, and what became of each.

package import DNSWire

/// What is to be served from zone files from now on.
package struct StaticZones: Sendable {
  /// One zone's records, checked as those of one zone.
  package struct Content: Sendable {
    package let apex: DomainName
    package let records: [ResourceRecord]

    package init(apex: DomainName, records: [ResourceRecord]) {
      self.apex = apex
      self.records = records
    }

    var soa: ResourceRecord? { records.first { $0.type == .soa } }
  }

  /// Each apex once; the service zone's own is here or among ``kept``.
  package var contents: [Content]
  /// Zones that stay as they are because their file is refused.
  package var kept: Set<DomainName>

  package init(contents: [Content], kept: Set<DomainName>) {
    self.contents = contents
    self.kept = kept
  }
}

/// What a reload did with one zone.
package struct ZoneReport: Sendable, Equatable {
  package enum Outcome: String, Sendable {
    case added
    case changed
    case unchanged
    case removed
    /// As it was before, because its file is refused.
    case kept
  }

  package let apex: DomainName
  package let outcome: Outcome
  /// In force now; nil for a zone that is gone or can't be read.
  package let serial: UInt32?
  /// The content changed and the file's serial is not later than before: secondaries and people
  /// can't tell the two apart (RFC 1982).
  package let isSerialStale: Bool

  package init(
    _ apex: DomainName, _ outcome: Outcome, serial: UInt32?, isSerialStale: Bool = false
  ) {
    self.apex = apex
    self.outcome = outcome
    self.serial = serial
    self.isSerialStale = isSerialStale
  }
}
