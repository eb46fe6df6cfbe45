// An RRset as the writer of a zone knows it.

package import DNSWire

/// A point in time: nanoseconds of CLOCK_BOOTTIME, so that a clock step changes nothing and a
/// suspended machine's time counts.
package typealias BootTime = Int64

/// The records of one owner and type, with what decides their order and their TTL.
package struct RRset: Sendable {
  package struct Member: Equatable, Sendable {
    /// Uncompressed wire form.
    package var rdata: [UInt8]
    /// The share of turns in which this record comes first, 1 to 2^32 - 1; at least one.
    package var weight: UInt32
    /// Addresses of the name in RDATA, to be put into the additional section.
    package var targetAddresses: [IPAddress]

    package init(rdata: [UInt8], weight: UInt32 = 1, targetAddresses: [IPAddress] = []) {
      self.rdata = rdata
      self.weight = weight
      self.targetAddresses = targetAddresses
    }
  }

  package var owner: DomainName
  package var type: RecordType
  /// Seconds at most; an answer's TTL also never reaches past `leaseEnd`.
  package var ttl: UInt32
  package var members: [Member]
  /// The soonest lease end of all members; ``noLease`` where there is none.
  package var leaseEnd: BootTime

  package static let noLease = BootTime.max

  package init(
    owner: DomainName, type: RecordType, ttl: UInt32, members: [Member],
    leaseEnd: BootTime = noLease
  ) {
    self.owner = owner
    self.type = type
    self.ttl = ttl
    self.members = members
    self.leaseEnd = leaseEnd
  }
}
