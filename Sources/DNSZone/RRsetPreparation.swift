// Turns an RRset into its prepared block, and tells whether a block already says the same.

import DNSWire
import Synchronization

extension RRsetBlock {
  /// Prepares `rrset`, whose turns go on from `turns`.
  ///
  /// - Parameter looksUpTargets: the addresses of names in RDATA are not in `rrset` but are to be
  ///   found in the zones when a query comes.
  static func prepare(_ rrset: RRset, turns: UInt64, looksUpTargets: Bool) -> RRsetBlock {
    let octets = PreparedOctets(rrset)
    let rotation = Rotation(weights: rrset.members.map(\.weight))
    let layout = RRsetBlockLayout(
      count: rrset.members.count, isWeighted: rotation != nil,
      hasAdditional: !octets.additional.isEmpty, answerLength: octets.answer.count,
      additionalLength: octets.additional.count)
    let base = UnsafeMutableRawPointer.allocate(byteCount: layout.size, alignment: 16)
    let block = RRsetBlock(address: UInt(bitPattern: base))
    block.header.initialize(
      to: Header(
        turns: Atomic(turns), leaseEnd: Atomic(rrset.leaseEnd), ttl: rrset.ttl,
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

  /// Whether this block has the records, order, weights and TTL of `rrset`, so that only the
  /// lease end may differ. A block that goes on keeps its turn.
  func hasSameContent(as rrset: RRset) -> Bool {
    guard header.pointee.ttl == rrset.ttl, count == rrset.members.count else { return false }
    let octets = PreparedOctets(rrset)
    guard answerLength == octets.answer.count, additionalLength == octets.additional.count,
      UnsafeRawBufferPointer(start: answerOctets, count: answerLength)
        .elementsEqual(octets.answer),
      UnsafeRawBufferPointer(start: additionalOctets, count: additionalLength)
        .elementsEqual(octets.additional),
      additionalLength == 0 || hasAdditionalOffsets(octets.additionalOffsets)
    else { return false }
    return weights == Rotation(weights: rrset.members.map(\.weight))
  }

  /// Whether the addresses belong to the same targets.
  private func hasAdditionalOffsets(_ offsets: [UInt32]) -> Bool {
    (0..<count).allSatisfy {
      additionalOffsets($0).v6 == offsets[2 * $0 + 1]
        && additionalOffsets($0).end == offsets[2 * $0 + 2]
    }
  }

  private var weights: Rotation? {
    header.pointee.isWeighted ? Rotation(block: self) : nil
  }
}

extension Rotation {
  fileprivate init(block: RRsetBlock) {
    let layout = RRsetBlockLayout(
      count: block.count, isWeighted: true, hasAdditional: false, answerLength: 0,
      additionalLength: 0)
    let table = block.base + layout.weights
    step = table.load(as: UInt64.self)
    shareEnds = (1...block.count).map { table.load(fromByteOffset: $0 * 8, as: UInt64.self) }
  }
}

extension RecordType {
  /// Whether answering with this type means more than copying: compressing names in RDATA, or
  /// looking up the addresses of targets.
  fileprivate var hasNamesToWorkOn: Bool {
    NamesInRDATA(self) != nil || self == .svcb || self == .https
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
