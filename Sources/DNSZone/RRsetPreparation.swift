// Turns an RRset into its prepared block, and tells whether two blocks say the same.

import DNSWire
import Glibc
import Synchronization

extension RRsetBlock {
  /// Prepares `rrset`; no turn of it is taken yet.
  ///
  /// - Parameter looksUpTargets: the addresses of names in RDATA are not in `rrset` but are to be
  ///   found in the zones when a query comes.
  static func prepare(_ rrset: RRset, looksUpTargets: Bool) -> RRsetBlock {
    let octets = PreparedOctets(rrset)
    let rotation = Rotation(weights: rrset.members.map(\.weight))
    let layout = RRsetBlockLayout(
      count: rrset.members.count, isWeighted: rotation != nil,
      hasAdditional: !octets.additional.isEmpty, answerLength: octets.answer.count,
      additionalLength: octets.additional.count)
    let base = UnsafeMutableRawPointer.allocate(byteCount: layout.size, alignment: 16)
    // Gaps too have to be equal for blocks to be compared.
    memset(base, 0, layout.size)
    let block = RRsetBlock(address: UInt(bitPattern: base))
    block.header.initialize(
      to: Header(
        turns: Atomic(0), leaseEnd: Atomic(rrset.leaseEnd), ttl: rrset.ttl,
        type: rrset.type.rawValue,
        isSelfContained: !looksUpTargets || !rrset.type.hasNamesToWorkOn,
        isWeighted: rotation != nil, count: UInt32(rrset.members.count),
        answerLength: UInt32(octets.answer.count),
        additionalLength: UInt32(octets.additional.count)))
    base.store(octets.recordOffsets, at: RRsetBlockLayout.recordOffsets)
    if let rotation { base.store([rotation.step] + rotation.shareEnds, at: layout.weights) }
    if !octets.additional.isEmpty {
      base.store(octets.additionalOffsets, at: layout.additionalOffsets)
    }
    base.store(octets.answer, at: layout.answer)
    base.store(octets.additional, at: layout.additional)
    return block
  }

  /// Whether `other` has the same records, order, weights and TTL, so that only turn and lease end
  /// may differ.
  func hasSameContent(as other: RRsetBlock) -> Bool {
    guard type == other.type, count == other.count,
      header.pointee.ttl == other.header.pointee.ttl,
      header.pointee.isWeighted == other.header.pointee.isWeighted,
      isSelfContained == other.isSelfContained, answerLength == other.answerLength,
      additionalLength == other.additionalLength
    else { return false }
    let start = RRsetBlockLayout.recordOffsets
    return memcmp(base + start, other.base + start, layout.size - start) == 0
  }
}

extension RecordType {
  /// Whether answering with this type means more than copying: compressing names in RDATA, or
  /// looking up the addresses of targets.
  fileprivate var hasNamesToWorkOn: Bool {
    NamesInRDATA(self) != nil
  }
}

/// The octets of a block and the offsets into them.
private struct PreparedOctets {
  var answer: [UInt8] = []
  var recordOffsets: [UInt32] = [0]
  var additional: [UInt8] = []
  var additionalOffsets: [UInt32] = [0]

  init(_ rrset: RRset) {
    for member in rrset.members {
      answer += Self.record(rrset.type, member.rdata, ttl: rrset.ttl)
      recordOffsets.append(UInt32(answer.count))
      for isV4 in [true, false] {
        for address in member.targetAddresses where address.isV4 == isV4 {
          additional += Self.record(address.recordType, address.octets, ttl: rrset.ttl)
        }
        additionalOffsets.append(UInt32(additional.count))
      }
    }
  }

  /// A record whose owner is a pointer to the question's name.
  private static func record(_ type: RecordType, _ rdata: [UInt8], ttl: UInt32) -> [UInt8] {
    var octets: [UInt8] = [0xC0, UInt8(Header.length)]
    octets.append(bigEndian: type.rawValue)
    octets.append(bigEndian: RecordClass.in.rawValue)
    octets.append(bigEndian: ttl)
    octets.append(bigEndian: UInt16(rdata.count))
    return octets + rdata
  }
}

extension UnsafeMutableRawPointer {
  fileprivate func store<Element: BitwiseCopyable>(_ elements: [Element], at offset: Int) {
    elements.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      (self + offset).copyMemory(from: start, byteCount: source.count)
    }
  }
}
