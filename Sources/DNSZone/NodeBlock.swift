// A node of a zone: one name and its RRsets, or a name that exists only for those below it.
//
// Owner names with data and empty non-terminals (RFC 4592 section 2.2.2) alike have a node, so
// whether a name exists is one look-up. A node is one of three kinds: with records of a zone file,
// with RRsets made of instances (``InstanceRRset``), or an instance itself (``InstanceBlock``). Its
// set of types is constant; an RRset is replaced in place by one atomic store, a type comes or
// goes by replacing the node.

import DNSWire
import Glibc
import Synchronization

/// A handle on a node's memory. Copies are the same node.
struct NodeBlock: NameTableEntry {
  struct Header: ~Copyable {
    let hash: UInt64
    /// Child nodes and pins: while there are any, the node stays without RRsets. Touched by the
    /// writer only.
    var references: UInt32
    let nameLength: UInt8
    let flags: Flags
    let rrsetCount: UInt16
  }

  /// What holds for every query that meets the node.
  struct Flags: OptionSet {
    let rawValue: UInt8
    /// Has NS and is not the apex: authority ends here (RFC 1034 section 4.2.1).
    static let delegation = Flags(rawValue: 1)
    static let dname = Flags(rawValue: 2)
    /// Below a delegation or a DNAME: never an answer, at most glue.
    static let occluded = Flags(rawValue: 4)
    static let cuts: Flags = [.delegation, .dname, .occluded]
    /// The slots lead to RRsets made of instances, not to prepared ones.
    static let registered = Flags(rawValue: 8)
    /// The node is the beginning of an ``InstanceBlock`` and has no slots.
    static let instance = Flags(rawValue: 16)
  }

  let address: UInt
  private var base: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: address)! }
  var header: UnsafeMutablePointer<Header> { base.assumingMemoryBound(to: Header.self) }

  init(address: UInt) {
    self.address = address
  }

  static var headerLength: Int { MemoryLayout<Header>.stride }
  private var slots: UnsafeMutablePointer<Atomic<UInt>> {
    (base + Self.headerLength).assumingMemoryBound(to: Atomic<UInt>.self)
  }

  var hash: UInt64 { header.pointee.hash }
  var flags: Flags { header.pointee.flags }
  var rrsetCount: Int { Int(header.pointee.rrsetCount) }
  var name: UnsafeRawBufferPointer {
    let offset =
      flags.contains(.instance)
      ? InstanceBlock(base: base).nameOffset : Self.headerLength + rrsetCount * 8
    return UnsafeRawBufferPointer(start: base + offset, count: Int(header.pointee.nameLength))
  }

  func isNamed(_ view: NameView) -> Bool {
    let name = name
    return name.count == view.length && memcmp(name.baseAddress!, view.octets, view.length) == 0
  }

  // MARK: RRsets

  /// The instance that the node is, if it is one.
  var instance: InstanceBlock? { flags.contains(.instance) ? InstanceBlock(base: base) : nil }

  func rrset(_ type: RecordType) -> FoundRRset? {
    if let instance { return instance.rrset(type).map(FoundRRset.instances) }
    return slot(type).map(found)
  }

  /// An RRset of the zone file.
  func prepared(_ type: RecordType) -> RRsetBlock? {
    guard !flags.contains(.registered) else { return nil }
    return slot(type).map { RRsetBlock(address: $0 & Self.addressMask) }
  }

  /// The first of its RRsets that has a record, in order of type.
  func anyRRset(at now: BootTime) -> FoundRRset? {
    if let instance { return instance.anyRRset.map(FoundRRset.instances) }
    return (0..<rrsetCount).lazy.compactMap {
      found(slots[$0].load(ordering: .acquiring)).current(at: now)
    }.first
  }

  /// Where the RRset's memory is, without looking at it; nil for an instance, which is the RRset.
  func addressOfRRset(_ type: RecordType) -> UInt? { slot(type).map { $0 & Self.addressMask } }

  private func found(_ slot: UInt) -> FoundRRset {
    let address = slot & Self.addressMask
    return flags.contains(.registered)
      ? .instances(InstanceRRsetBlock(address: address).rrset)
      : .prepared(RRsetBlock(address: address))
  }

  private func slot(_ type: RecordType) -> UInt? {
    for index in 0..<rrsetCount {
      let slot = slots[index].load(ordering: .acquiring)
      if slot >> 48 == UInt(type.rawValue) { return slot }
    }
    return nil
  }

  private static var addressMask: UInt { 0xFFFF_FFFF_FFFF }

  // MARK: The writer's part

  /// An RRset of a node, of either kind, as a node's slot holds it. In order of type.
  struct Slot: Comparable {
    let word: UInt

    init(_ type: RecordType, _ address: UInt) {
      word = UInt(type.rawValue) << 48 | address
    }

    fileprivate init(word: UInt) {
      self.word = word
    }

    var type: RecordType { RecordType(rawValue: UInt16(word >> 48)) }
    var base: UnsafeMutableRawPointer {
      UnsafeMutableRawPointer(bitPattern: word & addressMask)!
    }
    /// Both kinds of RRset begin with it.
    var turns: UnsafeMutablePointer<Atomic<UInt64>> {
      base.assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    static func < (left: Slot, right: Slot) -> Bool { left.word < right.word }
  }

  static func allocate(
    name: NameView, hash: UInt64, slots: [Slot], references: UInt32, flags: Flags
  ) -> NodeBlock {
    let base = UnsafeMutableRawPointer.allocate(
      byteCount: headerLength + slots.count * 8 + name.length, alignment: 16)
    let node = NodeBlock(address: UInt(bitPattern: base))
    node.header.initialize(
      to: Header(
        hash: hash, references: references, nameLength: UInt8(name.length), flags: flags,
        rrsetCount: UInt16(slots.count)))
    for (index, slot) in slots.sorted().enumerated() {
      (node.slots + index).initialize(to: Atomic(slot.word))
    }
    (base + headerLength + slots.count * 8).copyMemory(
      from: name.octets, byteCount: name.length)
    return node
  }

  /// Puts `new` in the place of the RRset of the same type, which the node must have.
  func replace(with new: Slot) {
    for index in 0..<rrsetCount where slots[index].load(ordering: .relaxed) >> 48 == new.word >> 48
    {
      slots[index].store(new.word, ordering: .releasing)
    }
  }

  /// None for an instance.
  var allSlots: [Slot] {
    (0..<rrsetCount).map { Slot(word: slots[$0].load(ordering: .relaxed)) }
  }

  func slotHeld(_ type: RecordType) -> Slot? { slot(type).map(Slot.init(word:)) }

  /// Frees the node, an instance too, but not the RRsets that its slots lead to.
  func deallocate() {
    base.deallocate()
  }
}
