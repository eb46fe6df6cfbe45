// Where the reading of a master file stands: origin, default TTL, owner.

import DNSWire

/// What the entries of a file stand in. An included file begins with a copy and leaves the
/// including file's as it was (RFC 1035 section 5.1).
struct MasterFileContext: ~Copyable {
  private(set) var origin: DomainName
  private(set) var ldnsOrigin: LDNSName
  /// For records without one, in seconds (RFC 2308 section 4).
  var ttl: UInt32
  /// The owner of the record before.
  var owner: DomainName
  /// How many `$INCLUDE` led here.
  let depth: Int

  init(origin: DomainName, ttl: UInt32, owner: DomainName, depth: Int) {
    self.origin = origin
    ldnsOrigin = LDNSName(origin)
    self.ttl = ttl
    self.owner = owner
    self.depth = depth
  }

  mutating func setOrigin(_ name: DomainName) {
    origin = name
    ldnsOrigin = LDNSName(name)
  }
}
