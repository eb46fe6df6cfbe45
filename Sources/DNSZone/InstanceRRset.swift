// An RRset made of instances: not octets, but which instances stand in it, in what order.
//
// An entry is one word: the address of an instance's block, and above it what the record needs
// besides: which of the instance's addresses it is, or the port. So a change of an instance makes
// a new list of words for each RRset that it is in, and a lease's end or renewal makes nothing.

import DNSWire
import Synchronization

/// One record of an RRset, as the instance gives it.
struct InstanceEntry {
  let word: UInt

  /// - Parameter tag: the number of the address, or the port.
  init(_ instance: InstanceBlock, _ tag: UInt16) {
    word = UInt(tag) << 48 | instance.address
  }

  fileprivate init(word: UInt) {
    self.word = word
  }

  /// Of addresses: the same as the entry before has, from another instance.
  static let repetition: UInt16 = 0x8000

  var instance: InstanceBlock {
    InstanceBlock(base: UnsafeMutableRawPointer(bitPattern: word & 0xFFFF_FFFF_FFFF)!)
  }
  var port: UInt16 { UInt16(word >> 48) }
  private var addressIndex: Int { Int(word >> 48 & 0xFF) }
  var isRepetition: Bool { word >> 63 != 0 }
  var asRepetition: InstanceEntry { InstanceEntry(word: word | UInt(Self.repetition) << 48) }

  var v4: UnsafeRawPointer {
    UnsafeRawPointer(instance.base + InstanceBlock.v4Offset + addressIndex * 4)
  }

  var v6: UnsafeRawPointer {
    let instance = instance
    return UnsafeRawPointer(instance.base + instance.v6Offset + addressIndex * 16)
  }
}

/// The records of one type that an owner has from instances; nothing of it is kept in memory of
/// its own but what ``InstanceRRsetBlock`` holds.
struct InstanceRRset {
  let type: RecordType
  /// Seconds at most.
  let ttl: UInt32
  /// Entries, those of ended leases and repetitions included.
  let count: Int
  /// Octets of an answer that holds all, each with a compressed owner name.
  let longest: Int
  /// Nil for an instance's own, which follow from ``first``.
  private let entries: UnsafePointer<UInt>?
  private let first: InstanceEntry
  private let turns: UnsafeMutablePointer<Atomic<UInt64>>
  private let weights: WeightTable?
  let hasRepetitions: Bool

  /// An instance's own.
  ///
  /// - Parameter turns: looked at only if there are several records.
  init(
    of first: InstanceEntry, _ type: RecordType, count: Int,
    turns: UnsafeMutablePointer<Atomic<UInt64>>
  ) {
    self.type = type
    ttl = first.instance.part.pointee.ttl
    self.count = count
    longest = count * first.recordLength(type)
    entries = nil
    self.first = first
    self.turns = turns
    weights = nil
    hasRepetitions = false
  }

  fileprivate init(_ block: InstanceRRsetBlock) {
    type = RecordType(rawValue: block.header.pointee.type)
    ttl = block.header.pointee.ttl
    count = Int(block.header.pointee.count)
    longest = Int(block.header.pointee.longest)
    entries = block.entries
    first = InstanceEntry(word: block.entries[0])
    turns = block.turns
    hasRepetitions = block.header.pointee.hasRepetitions
    weights = block.header.pointee.isWeighted ? block.weights : nil
  }

  @inline(__always) func entry(_ index: Int) -> InstanceEntry {
    guard let entries else { return InstanceEntry(word: first.word + UInt(index) << 48) }
    return InstanceEntry(word: entries[index])
  }

  func hasLiveRecord(at now: BootTime) -> Bool {
    for index in 0..<count where entry(index).instance.leaseEnd > now { return true }
    return false
  }

  // MARK: Turns

  /// Takes the coming turn and gives the entry that comes first in it.
  func takeTurn() -> Int {
    count == 1 ? 0 : first(in: turns.pointee.wrappingAdd(1, ordering: .relaxed).oldValue)
  }

  /// The entry that comes first in the coming turn.
  func comingTurn() -> Int {
    count == 1 ? 0 : first(in: turns.pointee.load(ordering: .relaxed))
  }

  private func first(in turn: UInt64) -> Int {
    weights?.first(in: turn) ?? Int(truncatingIfNeeded: turn % UInt64(count))
  }
}

/// A handle on the memory of an RRset made of several instances, or of one under another name than
/// its own. Copies are the same block.
struct InstanceRRsetBlock {
  struct Header: ~Copyable {
    /// Turns taken so far; 64 bits, so it never wraps.
    let turns: Atomic<UInt64>
    let ttl: UInt32
    let count: UInt32
    let longest: UInt32
    let type: UInt16
    let isWeighted: Bool
    let hasRepetitions: Bool
  }

  let address: UInt
  private var base: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: address)! }
  fileprivate var header: UnsafeMutablePointer<Header> {
    base.assumingMemoryBound(to: Header.self)
  }
  fileprivate var turns: UnsafeMutablePointer<Atomic<UInt64>> {
    base.assumingMemoryBound(to: Atomic<UInt64>.self)
  }
  private static var entriesOffset: Int { MemoryLayout<Header>.stride }
  fileprivate var entries: UnsafePointer<UInt> {
    UnsafePointer((base + Self.entriesOffset).assumingMemoryBound(to: UInt.self))
  }
  fileprivate var weights: WeightTable {
    let count = Int(header.pointee.count)
    return WeightTable(memory: base + Self.entriesOffset + count * 8, count: count)
  }

  init(address: UInt) {
    self.address = address
  }

  init(_ slot: NodeBlock.Slot) {
    address = UInt(bitPattern: slot.base)
  }

  var rrset: InstanceRRset { InstanceRRset(self) }

  /// Prepares an RRset of `entries`, at least one; no turn of it is taken yet.
  static func allocate(
    _ type: RecordType, ttl: UInt32, _ entries: [InstanceEntry], _ rotation: Rotation?
  ) -> InstanceRRsetBlock {
    let weightsLength = rotation.map { ($0.shareEnds.count + 1) * 8 } ?? 0
    let base = UnsafeMutableRawPointer.allocate(
      byteCount: entriesOffset + entries.count * 8 + weightsLength, alignment: 16)
    let block = InstanceRRsetBlock(address: UInt(bitPattern: base))
    var longest = 0
    var hasRepetitions = false
    let words = (base + entriesOffset).assumingMemoryBound(to: UInt.self)
    for (index, entry) in entries.enumerated() {
      words[index] = entry.word
      longest += entry.recordLength(type)
      hasRepetitions = hasRepetitions || (type != .srv && entry.isRepetition)
    }
    block.header.initialize(
      to: Header(
        turns: Atomic(0), ttl: ttl, count: UInt32(entries.count), longest: UInt32(longest),
        type: type.rawValue, isWeighted: rotation != nil, hasRepetitions: hasRepetitions))
    if let rotation { block.weights.store(rotation) }
    return block
  }

  /// Whether `other` has the same entries, order, weights and TTL, so that only the turn may
  /// differ.
  func hasSameContent(as other: InstanceRRsetBlock) -> Bool {
    let (mine, others) = (rrset, other.rrset)
    guard mine.type == others.type, mine.ttl == others.ttl, mine.count == others.count,
      header.pointee.isWeighted == other.header.pointee.isWeighted
    else { return false }
    for index in 0..<mine.count where entries[index] != other.entries[index] { return false }
    return !header.pointee.isWeighted || weights.isEqual(to: other.weights)
  }

  func deallocate() {
    base.deallocate()
  }
}
