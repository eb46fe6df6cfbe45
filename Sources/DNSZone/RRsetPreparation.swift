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
    prepare(
      RRsetOctets(rrset), leaseEnd: rrset.leaseEnd,
      isSelfContained: !looksUpTargets || !rrset.type.hasNamesToWorkOn)
  }

  static func prepare(
    _ octets: RRsetOctets, leaseEnd: BootTime, isSelfContained: Bool
  ) -> RRsetBlock {
    let rotation = Rotation(weights: octets.weights)
    let layout = RRsetBlockLayout(
      count: octets.count, isWeighted: rotation != nil,
      hasAdditional: !octets.additional.isEmpty, answerLength: octets.answer.count,
      additionalLength: octets.additional.count)
    let base = UnsafeMutableRawPointer.allocate(byteCount: layout.size, alignment: 16)
    // Gaps too have to be equal for blocks to be compared.
    memset(base, 0, layout.size)
    let block = RRsetBlock(address: UInt(bitPattern: base))
    block.header.initialize(
      to: Header(
        turns: Atomic(0), leaseEnd: Atomic(leaseEnd), ttl: octets.ttl, type: octets.type.rawValue,
        isSelfContained: isSelfContained, isWeighted: rotation != nil,
        count: UInt32(octets.count), answerLength: UInt32(octets.answer.count),
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

extension UnsafeMutableRawPointer {
  fileprivate func store<Element: BitwiseCopyable>(_ elements: [Element], at offset: Int) {
    elements.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      (self + offset).copyMemory(from: start, byteCount: source.count)
    }
  }
}
