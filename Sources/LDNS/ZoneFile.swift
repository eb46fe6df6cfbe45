// The content of one zone file, read and checked.

package import DNSWire

/// One static zone as its master file (RFC 1035 section 5) gives it, checked as a whole.
///
/// A record without a TTL takes that of the last `$TTL`, else ``defaultTTL``.
package struct ZoneFile: Sendable {
  /// Seconds for a record that has no TTL before any `$TTL`. RFC 2308 section 4 takes the SOA's
  /// minimum out of this role; NSD uses this number.
  package static let defaultTTL: UInt32 = 3600
  /// Seconds, 2^31 - 1 (RFC 2181 section 8).
  package static let ttlLimit: UInt32 = 0x7FFF_FFFF
  /// How many files `$INCLUDE` may lead to, one from within another.
  package static let includeDepthLimit = 8
  /// Octets of the file and all that it includes, each time that it does.
  package static let octetLimit = 1 << 30

  /// As given to ``read(path:origin:)``.
  package let path: String
  /// The owner of the SOA record.
  package let apex: DomainName
  /// In the order of the file, each record once, with one TTL in each RRset.
  package let records: [ResourceRecord]
  package let warnings: [ZoneFileWarning]

  /// Reads the master file at `path` and checks that it is one zone.
  ///
  /// - Parameter origin: what relative names are relative to before any `$ORIGIN`.
  /// - Throws: the first thing that is wrong; a file that can't be read has no line.
  package static func read(path: String, origin: DomainName) throws(ZoneFileError) -> ZoneFile {
    try read(path: path, origin: origin, octetLimit: octetLimit)
  }

  static func read(
    path: String, origin: DomainName, octetLimit: Int
  ) throws(ZoneFileError) -> ZoneFile {
    var reader = try MasterFileReader(path: path, octetLimit: octetLimit)
    try reader.read(origin: origin)
    let zone = try ZoneCheck(path: path, files: reader.files, records: reader.records)
    return ZoneFile(
      path: path, apex: zone.apex, records: zone.records, warnings: zone.warnings)
  }
}

/// Something in a zone file that is served otherwise than it is written.
package struct ZoneFileWarning: Hashable, Sendable {
  /// The zone file or the included file that has the line.
  package let file: String
  /// From 1; where the record begins.
  package let line: Int
  package let text: String
}

extension ZoneFileWarning: CustomStringConvertible {
  package var description: String { "\(file):\(line): \(text)" }
}

/// Why a zone file is refused.
package struct ZoneFileError: Error, Hashable, Sendable {
  /// The zone file, the included file that has the line, or the directory.
  package let file: String
  /// From 1; where the record or directive begins. None when no line is to blame.
  package let line: Int?
  package let reason: String

  package init(file: String, line: Int?, reason: String) {
    self.file = file
    self.line = line
    self.reason = reason
  }
}

extension ZoneFileError: CustomStringConvertible {
  package var description: String {
    if let line { "\(file):\(line): \(reason)" } else { "\(file): \(reason)" }
  }
}
