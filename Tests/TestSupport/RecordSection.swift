// The records of a section, compared as a set with zone-file text.

package import DNSWire

/// Records in the order of the message; two sections are equal when they hold the same records,
/// each as often, in any order. Names are compared without regard to case.
package struct RecordSection: Sendable {
  package private(set) var records: [ResourceRecord] = []
  private var classes: [RecordClass] = []

  package init() {}

  package init(_ records: [ResourceRecord]) {
    for record in records { append(record, .in) }
  }

  package mutating func append(_ record: ResourceRecord, _ recordClass: RecordClass) {
    records.append(record)
    classes.append(recordClass)
  }

  /// The records in presentation format, in order.
  package var lines: [String] { zip(records, classes).map { $0.line($1) } }

  package var isEmpty: Bool { records.isEmpty }
  package var count: Int { records.count }
  /// The RDATA of each record in presentation format, in order.
  package var values: [String] { records.map(\.rdataText) }
  package var ttls: Set<UInt32> { Set(records.map(\.ttl)) }
  /// The lines without repetitions.
  package var distinctLines: Set<String> { Set(lines) }
}

extension RecordSection: Equatable {
  package static func == (left: RecordSection, right: RecordSection) -> Bool {
    left.lines.sorted() == right.lines.sorted()
  }
}

extension RecordSection: ExpressibleByStringLiteral {
  /// Absolute names are expected, and a TTL in each line.
  package init(stringLiteral text: String) {
    self.init(text)
  }

  package init(_ text: String) {
    self.init(ZoneText(text, origin: .root).records)
  }
}

extension RecordSection: CustomStringConvertible {
  package var description: String { "\n" + lines.joined(separator: "\n") }
}
