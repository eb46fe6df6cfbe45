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
  /// Octets of the longest answer, with a compressed owner name in each record.
  let longest: Int
  /// Nil for an instance's own, which follow from ``first``.
  private let entries: UnsafePointer<UInt>?
  private let first: InstanceEntry
  private let turns: UnsafeMutablePointer<Atomic<UInt64>>
  private let weights: WeightTable?
  let hasRepetitions: Bool
  /// Nil where all instances have the same priority, or it does not count.
  private let group: InstanceRRsetBlock.Group?
  /// Nil where an answer holds all records.
  let window: AnswerWindow?

  /// An instance's own.
  ///
  /// - Parameter turns: looked at only if there are several records.
  init(
    of first: InstanceEntry, _ type: RecordType, count: Int,
    turns: UnsafeMutablePointer<Atomic<UInt64>>
  ) {
    self.type = type
    ttl = first.instance.ttl
    self.count = count
    longest = count * first.recordLength(type)
    entries = nil
    self.first = first
    self.turns = turns
    weights = nil
    hasRepetitions = false
    group = nil
    window = nil
  }

  fileprivate init(_ block: InstanceRRsetBlock) {
    type = RecordType(rawValue: block.header.pointee.type)
    ttl = block.header.pointee.ttl
    count = Int(block.header.pointee.count)
    longest = Int(block.header.pointee.longest)
    entries = block.entries
    first = InstanceEntry(word: block.entries[0])
    turns = block.turns
    hasRepetitions = block.flags.contains(.repetitions)
    weights = block.flags.contains(.weighted) ? block.weights : nil
    group = block.group
    window = block.window
  }

  /// Whether the records are octets that need nothing looked up: PTR has a name to compress.
  var isSelfContained: Bool { type != .ptr }

  @inline(__always) func entry(_ index: Int) -> InstanceEntry {
    guard let entries else { return InstanceEntry(word: first.word + UInt(index) << 48) }
    return InstanceEntry(word: entries[index])
  }

  func hasLiveRecord(at now: BootTime) -> Bool {
    for index in 0..<count where entry(index).instance.leaseEnd > now { return true }
    return false
  }

  /// The RRset that counts at `now`: of the first group of which an instance is live, whether or
  /// not it has a record of this type; nil when none is.
  func ofBestGroup(at now: BootTime) -> InstanceRRset? {
    guard let group else { return self }
    if hasLiveRecord(at: now) || group.hasLiveWitness(at: now) { return self }
    return group.next?.rrset.ofBestGroup(at: now)
  }

  // MARK: Turns

  /// Takes the coming turn and gives what it begins with, as ``LiveRecords`` takes it.
  func takeTurn() -> Int {
    count == 1 ? 0 : first(in: turns.pointee.wrappingAdd(1, ordering: .relaxed).oldValue)
  }

  /// What the coming turn begins with.
  func comingTurn() -> Int {
    count == 1 ? 0 : first(in: turns.pointee.load(ordering: .relaxed))
  }

  /// The first entry, or with a window the turn's own number.
  private func first(in turn: UInt64) -> Int {
    if window != nil { return Int(truncatingIfNeeded: turn & UInt64(Int.max)) }
    return weights?.first(in: turn) ?? Int(truncatingIfNeeded: turn % UInt64(count))
  }
}

/// A handle on the memory of an RRset made of several instances, or of one under another name than
/// its own. Copies are the same block.
///
/// Instances of several priorities are several groups, each a block that leads to the next best
/// one: so a group takes over in the nanosecond in which the last lease of a better one ends.
struct InstanceRRsetBlock {
  struct Flags: OptionSet {
    let rawValue: UInt8
    static let weighted = Flags(rawValue: 1)
    static let repetitions = Flags(rawValue: 2)
    static let grouped = Flags(rawValue: 4)
    static let windowed = Flags(rawValue: 8)
  }

  struct Header: ~Copyable {
    /// Turns taken so far; 64 bits, so it never wraps.
    let turns: Atomic<UInt64>
    let ttl: UInt32
    let count: UInt32
    let longest: UInt32
    let type: UInt16
    let flags: Flags
  }

  /// What stands behind the entries and weights of one of several groups.
  struct Group {
    fileprivate let words: UnsafePointer<UInt>

    /// The next best group.
    var next: InstanceRRsetBlock? { words[0] == 0 ? nil : InstanceRRsetBlock(address: words[0]) }

    /// Instances of the group without a record of this type: while one is live, no other group
    /// counts.
    fileprivate var witnesses: UnsafeBufferPointer<UInt> {
      UnsafeBufferPointer(start: words + 2, count: Int(words[1]))
    }

    fileprivate func hasLiveWitness(at now: BootTime) -> Bool {
      witnesses.contains { InstanceEntry(word: $0).instance.leaseEnd > now }
    }
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
  fileprivate var flags: Flags { header.pointee.flags }
  private var count: Int { Int(header.pointee.count) }
  fileprivate var weights: WeightTable {
    WeightTable(memory: base + Self.entriesOffset + count * 8, count: count)
  }
  private var groupWords: UnsafeMutablePointer<UInt> {
    let weightsLength = flags.contains(.weighted) ? (count + 1) * 8 : 0
    return (base + Self.entriesOffset + count * 8 + weightsLength)
      .assumingMemoryBound(to: UInt.self)
  }
  fileprivate var group: Group? {
    flags.contains(.grouped) ? Group(words: groupWords) : nil
  }
  private var windowWords: UnsafeMutablePointer<UInt64> {
    let words = groupWords + (group.map { 2 + $0.witnesses.count } ?? 0)
    return UnsafeMutableRawPointer(words).assumingMemoryBound(to: UInt64.self)
  }
  fileprivate var window: AnswerWindow? {
    flags.contains(.windowed) ? AnswerWindow(words: windowWords) : nil
  }

  init(address: UInt) {
    self.address = address
  }

  init(_ slot: NodeBlock.Slot) {
    address = UInt(bitPattern: slot.base)
  }

  var rrset: InstanceRRset { InstanceRRset(self) }

  /// What a block is made from.
  struct Content {
    var entries: [InstanceEntry] = []
    var rotation: Rotation?
    /// What an answer holds of them; nil: all.
    var window: AnswerWindow.Content?
    /// Instances whose leases count though they give no record.
    var witnesses: [InstanceBlock] = []
    /// The next best group; its memory belongs to the new block.
    var next: InstanceRRsetBlock?

    /// Octets of the longest answer.
    fileprivate func longest(_ type: RecordType) -> Int {
      guard let window else { return entries.reduce(0) { $0 + $1.recordLength(type) } }
      let lengths = window.starts.map { entries[$0].recordLength(type) }
      return lengths.sorted(by: >).prefix(window.size).reduce(0, +)
    }
  }

  /// Prepares an RRset; no turn of it is taken yet.
  static func allocate(
    _ type: RecordType, ttl: UInt32, _ content: Content
  ) -> InstanceRRsetBlock {
    let entries = content.entries
    let isGrouped = content.next != nil || !content.witnesses.isEmpty
    let words =
      entries.count + (content.rotation.map { $0.shareEnds.count + 1 } ?? 0)
      + (isGrouped ? 2 + content.witnesses.count : 0) + (content.window?.words.count ?? 0)
    let base = UnsafeMutableRawPointer.allocate(
      byteCount: entriesOffset + words * 8, alignment: 16)
    let block = InstanceRRsetBlock(address: UInt(bitPattern: base))
    var flags: Flags = []
    if content.rotation != nil { flags.insert(.weighted) }
    if isGrouped { flags.insert(.grouped) }
    if content.window != nil { flags.insert(.windowed) }
    if type.isAddress && entries.contains(where: \.isRepetition) { flags.insert(.repetitions) }
    block.header.initialize(
      to: Header(
        turns: Atomic(0), ttl: ttl, count: UInt32(entries.count),
        longest: UInt32(content.longest(type)), type: type.rawValue, flags: flags))
    let start = (base + entriesOffset).assumingMemoryBound(to: UInt.self)
    for (index, entry) in entries.enumerated() { start[index] = entry.word }
    if let rotation = content.rotation { block.weights.store(rotation) }
    if isGrouped {
      block.groupWords[0] = content.next?.address ?? 0
      block.groupWords[1] = UInt(content.witnesses.count)
      for (index, witness) in content.witnesses.enumerated() {
        block.groupWords[2 + index] = witness.address
      }
    }
    if let window = content.window {
      for (index, word) in window.words.enumerated() { block.windowWords[index] = word }
    }
    return block
  }

  /// Whether `other` has the same entries, order, weights, TTL, window and groups, so that only
  /// turns may differ.
  func hasSameContent(as other: InstanceRRsetBlock) -> Bool {
    guard header.pointee.type == other.header.pointee.type, flags == other.flags,
      header.pointee.ttl == other.header.pointee.ttl, count == other.count,
      UnsafeBufferPointer(start: entries, count: count)
        .elementsEqual(UnsafeBufferPointer(start: other.entries, count: count)),
      !flags.contains(.weighted) || weights.isEqual(to: other.weights)
    else { return false }
    if let window, let others = other.window, !window.isEqual(to: others) { return false }
    guard let group, let others = other.group else { return true }
    guard group.witnesses.elementsEqual(others.witnesses) else { return false }
    guard let next = group.next, let othersNext = others.next else {
      return group.next == nil && others.next == nil
    }
    return next.hasSameContent(as: othersNext)
  }

  /// Calls `free` with this block's memory and that of the groups after it.
  func forEachBlock(_ free: (UnsafeMutableRawPointer) -> Void) {
    let next = group?.next
    free(base)
    next?.forEachBlock(free)
  }

  func deallocate() {
    forEachBlock { $0.deallocate() }
  }
}
