// An RRset as the writer of a zone knows it.

package import DNSWire

/// A point in time: nanoseconds of CLOCK_BOOTTIME, so that a clock step changes nothing and a
/// suspended machine's time counts.
package typealias BootTime = Int64

/// The records of one owner and type.
package struct RRset: Equatable, Sendable {
  package var owner: DomainName
  package var type: RecordType
  /// Seconds.
  package var ttl: UInt32
  /// Of each record, in uncompressed wire form; at least one.
  package var rdata: [[UInt8]]

  package init(owner: DomainName, type: RecordType, ttl: UInt32, rdata: [[UInt8]]) {
    self.owner = owner
    self.type = type
    self.ttl = ttl
    self.rdata = rdata
  }
}
