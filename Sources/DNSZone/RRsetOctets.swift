// The octets of an RRset's records, put together one record after the other.

package import DNSWire

/// What an ``RRsetBlock`` is made from; used again for one RRset after the other.
package struct RRsetOctets {
  private(set) var type = RecordType.a
  private(set) var ttl: UInt32 = 0
  private(set) var answer: [UInt8] = []
  /// Where each record starts, and where the last one ends.
  private(set) var recordOffsets: [UInt32] = [0]
  private(set) var weights: [UInt32] = []
  private(set) var additional: [UInt8] = []
  /// For each record where its target's A records start and where the AAAA records do; then where
  /// the last ones end.
  private(set) var additionalOffsets: [UInt32] = [0]

  var count: Int { weights.count }

  init() {}

  init(_ rrset: RRset) {
    begin(rrset.type, ttl: rrset.ttl)
    for member in rrset.members {
      add(weight: member.weight, targetAddresses: member.targetAddresses) { $0 += member.rdata }
    }
  }

  /// Forgets the RRset before.
  mutating func begin(_ type: RecordType, ttl: UInt32) {
    self.type = type
    self.ttl = ttl
    answer.removeAll(keepingCapacity: true)
    weights.removeAll(keepingCapacity: true)
    additional.removeAll(keepingCapacity: true)
    recordOffsets.removeAll(keepingCapacity: true)
    recordOffsets.append(0)
    additionalOffsets.removeAll(keepingCapacity: true)
    additionalOffsets.append(0)
  }

  /// Adds a record with the RDATA that `appendRDATA` appends, at most 65,535 octets.
  ///
  /// - Parameters:
  ///   - weight: the share of turns in which the record comes first, at least 1.
  ///   - targetAddresses: of the name in RDATA, for the additional section.
  package mutating func add(
    weight: UInt32, targetAddresses: [IPAddress] = [], _ appendRDATA: (inout [UInt8]) -> Void
  ) {
    Self.appendHeader(type, ttl, to: &answer)
    let start = answer.count
    appendRDATA(&answer)
    let length = UInt16(answer.count - start)
    answer[start - 2] = UInt8(length >> 8)
    answer[start - 1] = UInt8(length & 0xFF)
    recordOffsets.append(UInt32(answer.count))
    weights.append(weight)
    for isV4 in [true, false] {
      for address in targetAddresses where address.isV4 == isV4 {
        Self.appendHeader(address.recordType, ttl, to: &additional)
        additional[additional.count - 1] = isV4 ? 4 : 16
        address.appendOctets(to: &additional)
      }
      additionalOffsets.append(UInt32(additional.count))
    }
  }

  /// Owner (a pointer to the question's name), type, class, TTL, and room for the length.
  private static func appendHeader(_ type: RecordType, _ ttl: UInt32, to octets: inout [UInt8]) {
    octets.append(bigEndian: 0xC000 | UInt16(Header.length))
    octets.append(bigEndian: type.rawValue)
    octets.append(bigEndian: RecordClass.in.rawValue)
    octets.append(bigEndian: ttl)
    octets.append(bigEndian: UInt16(0))
  }
}

/// All RRsets of one owner, put together to take the place of what the owner has; used again for
/// one owner after the other.
package struct OwnerRRsets: ~Copyable {
  private var octets = RRsetOctets()
  private var blocks: [RRsetBlock] = []

  package init() {}

  deinit {
    for block in blocks { block.base.deallocate() }
  }

  /// Adds the RRset whose records `fill` adds, if it adds any. It needs no look-ups to be answered.
  ///
  /// - Parameters:
  ///   - type: another one than those before.
  ///   - leaseEnd: the soonest of all members.
  package mutating func add(
    _ type: RecordType, ttl: UInt32, leaseEnd: BootTime, _ fill: (inout RRsetOctets) -> Void
  ) {
    octets.begin(type, ttl: ttl)
    fill(&octets)
    guard octets.count > 0 else { return }
    blocks.append(
      RRsetBlock.prepare(octets, leaseEnd: leaseEnd, isSelfContained: true))
  }

  /// Hands over the blocks.
  mutating func take() -> [RRsetBlock] {
    defer { blocks = [] }
    return blocks
  }
}
