// An RRset prepared for answering: its records as octets ready to be copied.
//
// One allocation holds a header, tables of offsets, and the records as they go into a message:
// owner (a pointer to the question's name), type, class, TTL, RDATA. The records of a target's
// addresses lie behind, their owner pointers to be filled in when it is known where the target
// went. Everything but the turn counter and the lease end is constant once published.

import DNSWire
import Synchronization

/// A handle on a prepared RRset. Copies are the same block.
struct RRsetBlock {
  struct Header: ~Copyable {
    /// Turns taken so far; 64 bits, so it never wraps.
    let turns: Atomic<UInt64>
    let leaseEnd: Atomic<BootTime>
    let ttl: UInt32
    let type: UInt16
    /// The prepared octets alone are a complete answer: no names in RDATA to compress and no
    /// addresses to look up.
    let isSelfContained: Bool
    let isWeighted: Bool
    let count: UInt32
    let answerLength: UInt32
    let additionalLength: UInt32
  }

  /// Octets before RDATA: owner pointer, type, class, TTL, length.
  static let recordHeaderLength = 12
  static let ttlOffset = 6

  let address: UInt
  var base: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: address)! }
  var header: UnsafeMutablePointer<Header> { base.assumingMemoryBound(to: Header.self) }

  var type: RecordType { RecordType(rawValue: header.pointee.type) }
  var count: Int { Int(header.pointee.count) }
  var answerLength: Int { Int(header.pointee.answerLength) }
  var additionalLength: Int { Int(header.pointee.additionalLength) }
  var isSelfContained: Bool { header.pointee.isSelfContained }

  var layout: RRsetBlockLayout {
    RRsetBlockLayout(
      count: count, isWeighted: header.pointee.isWeighted,
      hasAdditional: header.pointee.additionalLength > 0, answerLength: answerLength,
      additionalLength: additionalLength)
  }

  /// Where record `index` starts among the answer octets; `count` gives the end.
  func recordOffset(_ index: Int) -> Int {
    Int(base.load(fromByteOffset: RRsetBlockLayout.recordOffsets + index * 4, as: UInt32.self))
  }

  var answerOctets: UnsafeRawPointer { UnsafeRawPointer(base + layout.answer) }

  var additionalOctets: UnsafeRawPointer { UnsafeRawPointer(base + layout.additional) }

  /// Where, among the additional octets, the A records for record `index` start, where its AAAA
  /// records do, and where they end.
  func additionalOffsets(_ index: Int) -> (v4: Int, v6: Int, end: Int) {
    let table = base + layout.additionalOffsets + index * 8
    return (
      Int(table.load(as: UInt32.self)), Int(table.load(fromByteOffset: 4, as: UInt32.self)),
      Int(table.load(fromByteOffset: 8, as: UInt32.self))
    )
  }

  func rdata(_ index: Int) -> UnsafeRawBufferPointer {
    let start = recordOffset(index) + Self.recordHeaderLength
    return UnsafeRawBufferPointer(
      start: answerOctets + start, count: recordOffset(index + 1) - start)
  }

  /// Seconds that a reader may keep the records: never past the soonest lease end.
  func ttl(now: BootTime) -> UInt32 {
    let leaseEnd = header.pointee.leaseEnd.load(ordering: .relaxed)
    if leaseEnd == RRset.noLease { return header.pointee.ttl }
    let seconds = max(0, leaseEnd - now) / 1_000_000_000
    return UInt32(truncatingIfNeeded: min(Int64(header.pointee.ttl), seconds))
  }

  // MARK: Turns

  /// Takes the coming turn and gives the record that comes first in it.
  func takeTurn() -> Int {
    if count == 1 { return 0 }
    return first(in: header.pointee.turns.wrappingAdd(1, ordering: .relaxed).oldValue)
  }

  /// The record that comes first in the coming turn.
  func comingTurn() -> Int {
    count == 1 ? 0 : first(in: header.pointee.turns.load(ordering: .relaxed))
  }

  private func first(in turn: UInt64) -> Int {
    guard header.pointee.isWeighted else {
      return Int(truncatingIfNeeded: turn % UInt64(header.pointee.count))
    }
    let layout = layout
    let step = base.load(fromByteOffset: layout.weights, as: UInt64.self)
    let shareEnds = base + layout.weights + 8
    func shareEnd(_ index: Int) -> UInt64 {
      shareEnds.load(fromByteOffset: index * 8, as: UInt64.self)
    }
    let slots = shareEnd(count - 1)
    // 128 bits between: slots can be near 2^64 when many weights are summed.
    let slot = slots.dividingFullWidth((turn % slots).multipliedFullWidth(by: step)).remainder
    var low = 0
    var high = count - 1
    while low < high {
      let middle = (low + high) / 2
      if slot < shareEnd(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// Where the parts of a block lie.
struct RRsetBlockLayout {
  static let recordOffsets = MemoryLayout<RRsetBlock.Header>.stride

  let weights: Int
  let additionalOffsets: Int
  let answer: Int
  let additional: Int
  let size: Int

  init(
    count: Int, isWeighted: Bool, hasAdditional: Bool, answerLength: Int, additionalLength: Int
  ) {
    let recordOffsetsEnd = Self.recordOffsets + (count + 1) * 4
    weights = (recordOffsetsEnd + 7) & ~7
    additionalOffsets = isWeighted ? weights + (count + 1) * 8 : recordOffsetsEnd
    answer = hasAdditional ? additionalOffsets + (count * 2 + 1) * 4 : additionalOffsets
    additional = answer + answerLength
    size = additional + additionalLength
  }
}
