// A zone as readers see it: its apex, its limits, and the table of its nodes.

import DNSWire
import Glibc
import Synchronization

/// A handle on a zone's memory. Copies are the same zone.
struct ZoneBlock: NameTableEntry {
  struct Header: ~Copyable {
    let hash: UInt64
    let apexLength: UInt8
    /// Labels of the apex, the root not counted.
    let apexLabels: UInt8
    /// A zone whose file was refused: every query is a server failure.
    let isBroken: Bool
    /// Some instance may be answered longer than its lease runs.
    let hasHeldInstances: Atomic<Bool>
    /// Seconds that a negative answer may be kept at most, besides what the SOA says.
    let negativeTTLLimit: UInt32
    /// The memory of a `NameTable<NodeBlock>`; replaced when the table grows.
    let nodes: Atomic<UInt>
  }

  let address: UInt
  private var base: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: address)! }
  var header: UnsafeMutablePointer<Header> { base.assumingMemoryBound(to: Header.self) }

  init(address: UInt) {
    self.address = address
  }

  var hash: UInt64 { header.pointee.hash }
  var apexLabels: Int { Int(header.pointee.apexLabels) }
  var isBroken: Bool { header.pointee.isBroken }
  var hasHeldInstances: Bool {
    get { header.pointee.hasHeldInstances.load(ordering: .relaxed) }
    nonmutating set { header.pointee.hasHeldInstances.store(newValue, ordering: .relaxed) }
  }
  var nodes: NameTable<NodeBlock> {
    NameTable(
      memory: UnsafeMutableRawPointer(
        bitPattern: header.pointee.nodes.load(ordering: .acquiring))!)
  }

  private var apexOctets: UnsafeMutableRawPointer { base + MemoryLayout<Header>.stride }

  func isNamed(_ view: NameView) -> Bool {
    Int(header.pointee.apexLength) == view.length
      && memcmp(apexOctets, view.octets, view.length) == 0
  }

  func node(_ name: NameView, seed: UInt64) -> NodeBlock? {
    nodes.find(name, hash: name.hash(seed: seed))
  }

  // MARK: The writer's part

  static func allocate(
    apex: NameView, labels: Int, hash: UInt64, isBroken: Bool, negativeTTLLimit: UInt32
  ) -> ZoneBlock {
    let base = UnsafeMutableRawPointer.allocate(
      byteCount: MemoryLayout<Header>.stride + apex.length, alignment: 16)
    let zone = ZoneBlock(address: UInt(bitPattern: base))
    let nodes = NameTable<NodeBlock>.allocate(for: 8)
    zone.header.initialize(
      to: Header(
        hash: hash, apexLength: UInt8(apex.length), apexLabels: UInt8(labels),
        isBroken: isBroken, hasHeldInstances: Atomic(false), negativeTTLLimit: negativeTTLLimit,
        nodes: Atomic(UInt(bitPattern: nodes.memory))))
    zone.apexOctets.copyMemory(from: apex.octets, byteCount: apex.length)
    return zone
  }

  /// The same zone with a table of its own over the same nodes.
  func copy() -> ZoneBlock {
    let size = MemoryLayout<Header>.stride + Int(header.pointee.apexLength)
    let base = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    let copy = ZoneBlock(address: UInt(bitPattern: base))
    copy.header.initialize(
      to: Header(
        hash: hash, apexLength: header.pointee.apexLength, apexLabels: header.pointee.apexLabels,
        isBroken: isBroken, hasHeldInstances: Atomic(hasHeldInstances),
        negativeTTLLimit: header.pointee.negativeTTLLimit,
        nodes: Atomic(UInt(bitPattern: nodes.copy().memory))))
    copy.apexOctets.copyMemory(from: apexOctets, byteCount: Int(header.pointee.apexLength))
    return copy
  }

  /// Frees the zone but not its nodes, which another block has; no reader may be left.
  func deallocateTable() {
    nodes.memory.deallocate()
    base.deallocate()
  }

  /// Frees the zone and all that is published in it; no reader may be left.
  func deallocate() {
    let nodes = nodes
    nodes.forEach { node in
      for slot in node.allSlots {
        if node.flags.contains(.registered) {
          InstanceRRsetBlock(slot).deallocate()
        } else {
          slot.base.deallocate()
        }
      }
      node.deallocate()
    }
    deallocateTable()
  }
}
