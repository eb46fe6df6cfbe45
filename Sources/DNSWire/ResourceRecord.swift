// One resource record of class IN, as a value.

/// A resource record of class IN. RDATA is uncompressed wire form; nobody looks into it who does
/// not have to.
package struct ResourceRecord: Hashable, Sendable {
  package var owner: DomainName
  package var type: RecordType
  /// Seconds, 0 to 2^31 - 1 (RFC 2181 section 8).
  package var ttl: UInt32
  package var rdata: [UInt8]

  package init(owner: DomainName, type: RecordType, ttl: UInt32, rdata: [UInt8]) {
    self.owner = owner
    self.type = type
    self.ttl = ttl
    self.rdata = rdata
  }
}

/// Where the domain names stand in the RDATA of the types whose names matter when a message is
/// written.
package struct NamesInRDATA: Sendable {
  /// Octets before the first name.
  package let prefixLength: Int
  /// Names that follow one another; what comes after the last is copied.
  package let count: Int
  /// Whether they may be compressed: only in the types of RFC 1035 (RFC 3597 section 4). Names
  /// that may not can still be pointed to.
  package let areCompressible: Bool

  /// The layout for `type`, or nil if its RDATA is copied as it is.
  package init?(_ type: RecordType) {
    switch type {
    case .ns, .cname, .ptr, .mb, .md, .mf, .mg, .mr: self.init(prefix: 0, count: 1)
    case .soa, .minfo: self.init(prefix: 0, count: 2)
    case .mx: self.init(prefix: 2, count: 1)
    case .dname: self.init(prefix: 0, count: 1, areCompressible: false)
    case .srv: self.init(prefix: 6, count: 1, areCompressible: false)
    case .svcb, .https: self.init(prefix: 2, count: 1, areCompressible: false)
    default: return nil
    }
  }

  private init(prefix: Int, count: Int, areCompressible: Bool = true) {
    prefixLength = prefix
    self.count = count
    self.areCompressible = areCompressible
  }
}
