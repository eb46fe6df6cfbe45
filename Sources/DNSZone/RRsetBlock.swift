// An RRset of a zone file prepared for answering: its records as octets ready to be copied.
//
// One allocation holds a header, a table of offsets, and the records as they go into a message:
// owner (a pointer to the question's name), type, class, TTL, RDATA. Everything but the turn
// counter is constant once published.

import DNSWire
import Glibc
import Synchronization

/// A handle on a prepared RRset. Copies are the same block.
struct RRsetBlock {
  struct Header: ~Copyable {
    /// Turns taken so far; 64 bits, so it never wraps.
    let turns: Atomic<UInt64>
    let ttl: UInt32
    let type: UInt16
    /// The prepared octets alone are a complete answer: no names in RDATA to compress and no
    /// addresses to look up.
    let isSelfContained: Bool
    let count: UInt32
    let answerLength: UInt32
  }

  /// Octets before RDATA: owner pointer, type, class, TTL, length.
  static let recordHeaderLength = 12

  let address: UInt
  private var base: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: address)! }
  private var header: UnsafeMutablePointer<Header> { base.assumingMemoryBound(to: Header.self) }

  var type: RecordType { RecordType(rawValue: header.pointee.type) }
  var ttl: UInt32 { header.pointee.ttl }
  var count: Int { Int(header.pointee.count) }
  var answerLength: Int { Int(header.pointee.answerLength) }
  var isSelfContained: Bool { header.pointee.isSelfContained }

  private static var offsetsOffset: Int { MemoryLayout<Header>.stride }
  private static func answerOffset(_ count: Int) -> Int { offsetsOffset + (count + 1) * 4 }

  /// Where record `index` starts among the answer octets; `count` gives the end.
  func recordOffset(_ index: Int) -> Int {
    Int(base.load(fromByteOffset: Self.offsetsOffset + index * 4, as: UInt32.self))
  }

  var answerOctets: UnsafeRawPointer { UnsafeRawPointer(base + Self.answerOffset(count)) }

  func rdata(_ index: Int) -> UnsafeRawBufferPointer {
    let start = recordOffset(index) + Self.recordHeaderLength
    return UnsafeRawBufferPointer(
      start: answerOctets + start, count: recordOffset(index + 1) - start)
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
    Int(truncatingIfNeeded: turn % UInt64(header.pointee.count))
  }

  // MARK: The writer's part

  /// Prepares `rrset`; no turn of it is taken yet.
  static func prepare(_ rrset: RRset) -> RRsetBlock {
    var answer: [UInt8] = []
    var offsets: [UInt32] = [0]
    for rdata in rrset.rdata {
      answer.append(bigEndian: 0xC000 | UInt16(DNSWire.Header.length))
      answer.append(bigEndian: rrset.type.rawValue)
      answer.append(bigEndian: RecordClass.in.rawValue)
      answer.append(bigEndian: rrset.ttl)
      answer.append(bigEndian: UInt16(rdata.count))
      answer += rdata
      offsets.append(UInt32(answer.count))
    }
    let answerOffset = answerOffset(rrset.rdata.count)
    let base = UnsafeMutableRawPointer.allocate(
      byteCount: answerOffset + answer.count, alignment: 16)
    let block = RRsetBlock(address: UInt(bitPattern: base))
    block.header.initialize(
      to: Header(
        turns: Atomic(0), ttl: rrset.ttl, type: rrset.type.rawValue,
        isSelfContained: NamesInRDATA(rrset.type) == nil, count: UInt32(rrset.rdata.count),
        answerLength: UInt32(answer.count)))
    offsets.withUnsafeBytes {
      (base + offsetsOffset).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
    }
    answer.withUnsafeBytes {
      (base + answerOffset).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
    }
    return block
  }

  /// Whether `other` has the same records, order and TTL, so that only the turn may differ.
  func hasSameContent(as other: RRsetBlock) -> Bool {
    guard type == other.type, count == other.count, ttl == other.ttl,
      answerLength == other.answerLength
    else { return false }
    let start = Self.offsetsOffset
    let length = Self.answerOffset(count) + answerLength - start
    return memcmp(base + start, other.base + start, length) == 0
  }

  func deallocate() {
    base.deallocate()
  }
}
