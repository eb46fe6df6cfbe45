// A flat hash table from names to blocks of memory, read by many threads while one changes it.
//
// A slot is one word: sixteen bits of the hash above a 48-bit address (user space on 64-bit
// Linux), so a reader decides nearly every probe without following a pointer, and a change of an
// entry is one atomic store. Collisions go to the next slot. A removed entry leaves a mark that
// keeps later ones reachable; marks go when the table is built anew.
//
// Soundness: a reader loads a slot with acquire, the writer stores it with release after it has
// filled the block, so a reader sees whole blocks. What a store replaces may still be in use by a
// reader; the caller hands it to `Reclamation`, which frees it when no reader can hold it.

import Synchronization

/// What a table holds: a block in memory that begins with its hash and knows its name.
protocol NameTableEntry {
  init(address: UInt)
  var address: UInt { get }
  var hash: UInt64 { get }
  func isNamed(_ name: NameView) -> Bool
}

/// A handle on the table's memory. Copies are the same table.
struct NameTable<Entry: NameTableEntry> {
  /// What the one writer counts, on a cache line that readers do not touch.
  private struct Counts {
    var entries = 0
    var removed = 0
  }

  private static var empty: UInt { 0 }
  private static var removedMark: UInt { 1 }

  let memory: UnsafeMutableRawPointer

  /// Whatever whoever makes the table wants to find beside it; 16 octets.
  var note: UnsafeMutableRawPointer { memory + 16 }

  private var mask: Int { memory.load(as: Int.self) }

  private var counts: UnsafeMutablePointer<Counts> {
    (memory + 64).assumingMemoryBound(to: Counts.self)
  }

  private var slots: UnsafeMutablePointer<Atomic<UInt>> {
    (memory + 128).assumingMemoryBound(to: Atomic<UInt>.self)
  }

  init(memory: UnsafeMutableRawPointer) {
    self.memory = memory
  }

  /// Allocates a table in which `entries` fill at most half of the slots.
  static func allocate(for entries: Int) -> NameTable {
    var capacity = 16
    while capacity < entries * 2 { capacity *= 2 }
    let table = NameTable(memory: .allocate(byteCount: size(capacity), alignment: 64))
    table.memory.storeBytes(of: capacity - 1, as: Int.self)
    table.note.storeBytes(of: 0, as: UInt128.self)
    table.counts.initialize(to: Counts())
    for index in 0..<capacity {
      (table.slots + index).initialize(to: Atomic(empty))
    }
    return table
  }

  private static func size(_ capacity: Int) -> Int {
    128 + capacity * MemoryLayout<UInt>.stride
  }

  /// Another table of the same entries.
  func copy() -> NameTable {
    let size = Self.size(mask + 1)
    let copy = NameTable(memory: .allocate(byteCount: size, alignment: 64))
    copy.memory.copyMemory(from: memory, byteCount: size)
    return copy
  }

  var count: Int { counts.pointee.entries }

  /// Whether one more entry would leave too few free slots for short probes.
  var isFull: Bool {
    (counts.pointee.entries + counts.pointee.removed + 1) * 4 > (mask + 1) * 3
  }

  func find(_ name: NameView, hash: UInt64) -> Entry? {
    first(hash) { $0.isNamed(name) }
  }

  /// The first entry with that hash, as far as a slot has it, that is wanted.
  @inline(__always)
  private func first(_ hash: UInt64, where isWanted: (Entry) -> Bool) -> Entry? {
    let mask = mask
    var index = Int(truncatingIfNeeded: hash) & mask
    while true {
      let slot = slots[index].load(ordering: .acquiring)
      if slot == Self.empty { return nil }
      if slot >> 48 == UInt(hash >> 48) && slot != Self.removedMark {
        let entry = Entry(address: slot & 0xFFFF_FFFF_FFFF)
        if isWanted(entry) { return entry }
      }
      index = (index + 1) & mask
    }
  }

  // MARK: Looking ahead

  /// Of the slot where the search for a name begins.
  func slotAddress(_ hash: UInt64) -> UInt {
    UInt(bitPattern: slots + (Int(truncatingIfNeeded: hash) & mask))
  }

  /// The entry that may be the name's, by its hash alone.
  func firstEntry(_ hash: UInt64) -> Entry? {
    first(hash) { _ in true }
  }

  // MARK: The writer's part

  /// Adds an entry whose name the table does not hold; it must not be full.
  func insert(_ entry: Entry) {
    let mask = mask
    var index = Int(truncatingIfNeeded: entry.hash) & mask
    while true {
      let slot = slots[index].load(ordering: .relaxed)
      if slot == Self.empty || slot == Self.removedMark {
        if slot == Self.removedMark { counts.pointee.removed -= 1 }
        counts.pointee.entries += 1
        slots[index].store(Self.slot(entry), ordering: .releasing)
        return
      }
      index = (index + 1) & mask
    }
  }

  /// Puts `new`, of the same name, in the place of `old`.
  func replace(_ old: Entry, with new: Entry) {
    slots[place(of: old)].store(Self.slot(new), ordering: .releasing)
  }

  func remove(_ entry: Entry) {
    slots[place(of: entry)].store(Self.removedMark, ordering: .releasing)
    counts.pointee.entries -= 1
    counts.pointee.removed += 1
  }

  var slotCount: Int { mask + 1 }

  func forEach(_ body: (Entry) -> Void) { forEach(in: 0..<slotCount, body) }

  /// The same of some of the slots.
  func forEach(in range: Range<Int>, _ body: (Entry) -> Void) {
    for index in range {
      let slot = slots[index].load(ordering: .relaxed)
      if slot > Self.removedMark { body(Entry(address: slot & 0xFFFF_FFFF_FFFF)) }
    }
  }

  private func place(of entry: Entry) -> Int {
    let mask = mask
    let wanted = Self.slot(entry)
    var index = Int(truncatingIfNeeded: entry.hash) & mask
    while slots[index].load(ordering: .relaxed) != wanted { index = (index + 1) & mask }
    return index
  }

  private static func slot(_ entry: Entry) -> UInt {
    UInt(entry.hash >> 48) << 48 | entry.address
  }
}
