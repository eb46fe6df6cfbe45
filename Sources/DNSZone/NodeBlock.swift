// A node of a zone: one name and its RRsets, or a name that exists only for those below it.
//
// Owner names with data and empty non-terminals (RFC 4592 section 2.2.2) alike have a node, so
// whether a name exists is one look-up. A node's set of types is constant; an RRset is replaced
// in place by one atomic store, a type comes or goes by replacing the node.

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
  }

  let address: UInt
  private var base: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: address)! }
  var header: UnsafeMutablePointer<Header> { base.assumingMemoryBound(to: Header.self) }

  init(address: UInt) {
    self.address = address
  }

  private static var headerLength: Int { MemoryLayout<Header>.stride }
  private var slots: UnsafeMutablePointer<Atomic<UInt>> {
    (base + Self.headerLength).assumingMemoryBound(to: Atomic<UInt>.self)
  }

  var hash: UInt64 { header.pointee.hash }
  var flags: Flags { header.pointee.flags }
  var rrsetCount: Int { Int(header.pointee.rrsetCount) }
  var name: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: base + Self.headerLength + rrsetCount * 8, count: Int(header.pointee.nameLength))
  }

  func isNamed(_ view: NameView) -> Bool {
    let name = name
    return name.count == view.length && memcmp(name.baseAddress!, view.octets, view.length) == 0
  }

  /// The RRset at `index`, in order of type.
  func rrset(at index: Int) -> RRsetBlock {
    RRsetBlock(address: slots[index].load(ordering: .acquiring) & 0xFFFF_FFFF_FFFF)
  }

  func rrset(_ type: RecordType) -> RRsetBlock? {
    for index in 0..<rrsetCount {
      let slot = slots[index].load(ordering: .acquiring)
      if slot >> 48 == UInt(type.rawValue) {
        return RRsetBlock(address: slot & 0xFFFF_FFFF_FFFF)
      }
    }
    return nil
  }

  // MARK: The writer's part

  static func allocate(
    name: NameView, hash: UInt64, rrsets: [RRsetBlock], references: UInt32, flags: Flags
  ) -> NodeBlock {
    let base = UnsafeMutableRawPointer.allocate(
      byteCount: headerLength + rrsets.count * 8 + name.length, alignment: 16)
    let node = NodeBlock(address: UInt(bitPattern: base))
    node.header.initialize(
      to: Header(
        hash: hash, references: references, nameLength: UInt8(name.length), flags: flags,
        rrsetCount: UInt16(rrsets.count)))
    for (index, rrset) in rrsets.sorted(by: { $0.type.rawValue < $1.type.rawValue }).enumerated() {
      (node.slots + index).initialize(to: Atomic(slot(rrset)))
    }
    (base + headerLength + rrsets.count * 8).copyMemory(
      from: name.octets, byteCount: name.length)
    return node
  }

  /// Puts `new` in the place of the RRset of the same type, which the node must have.
  func replace(with new: RRsetBlock) {
    for index in 0..<rrsetCount where rrset(at: index).type == new.type {
      slots[index].store(Self.slot(new), ordering: .releasing)
    }
  }

  var rrsets: [RRsetBlock] { (0..<rrsetCount).map(rrset(at:)) }

  private static func slot(_ rrset: RRsetBlock) -> UInt {
    UInt(rrset.type.rawValue) << 48 | rrset.address
  }

  func deallocate() {
    base.deallocate()
  }
}
