// Brings into the cache what the queries of a batch will need, before the first is answered.
//
// A look-up is a chain of loads, each of which needs the one before: slot, node, RRset, and the
// octets or instances that it leads to.
// With more names than the cache holds, a core does little but wait for them. Done query by query
// the waits add up; here each step is done for all queries of the batch, so that they overlap.
// Nothing is decided here: a query that this misjudges is only answered more slowly.

import CPrefetch
import DNSWire

/// What the next queries ask for, as far as that is known cheaply; one thread's own.
///
/// A handle on memory that ``deallocate()`` frees.
struct LookAhead {
  /// Queries that are looked at together.
  static let size = 64
  /// Octets of a cache line on the machines that this runs on.
  private static let line = 64
  /// Lines of an RRset; what lies behind them the core loads on its own.
  private static let rrsetLines = 2
  /// Instances of an RRset; more are too many to be kept near for all queries of a batch.
  private static let instances = 16
  /// Lines of an instance with its name.
  private static let instanceLines = 2

  private struct Place {
    var hash: UInt64
    var type: RecordType
    /// Of what may be the node; 0 when there is none.
    var address: UInt
  }

  private struct Added {
    var count = 0
    /// The nodes of the zone that the first query is for.
    var nodes: NameTable<NodeBlock>?
  }

  private let added: UnsafeMutablePointer<Added>
  private let places: UnsafeMutablePointer<Place>
  private let name = NameScratch.allocate()

  static func allocate() -> LookAhead { LookAhead() }

  private init() {
    added = .allocate(capacity: 1)
    added.initialize(to: Added())
    places = .allocate(capacity: Self.size)
  }

  func deallocate() {
    added.deallocate()
    places.deallocate()
    name.deallocate()
  }

  /// Begins to load where `query` leads to in `zones`. After ``size`` queries it does nothing more.
  func add(_ query: UnsafeRawBufferPointer, in zones: PublishedZones) {
    let count = added.pointee.count
    guard count < Self.size, let type = readQuestion(query) else { return }
    // Nearly all queries are for one zone; those for others find nothing here.
    if added.pointee.nodes == nil { added.pointee.nodes = zones.findZone(name)?.nodes }
    guard let nodes = added.pointee.nodes else { return }
    places[count] = Place(hash: name.view.hash(seed: zones.seed), type: type, address: 0)
    CPrefetch(nodes.slotAddress(places[count].hash))
    added.pointee.count = count + 1
  }

  /// Follows the way of all that were added, a step at a time, and forgets them.
  func fetch() {
    guard let nodes = added.pointee.nodes else { return }
    let count = added.pointee.count
    added.pointee = Added()
    for index in 0..<count {
      guard let node = nodes.firstEntry(places[index].hash) else { continue }
      places[index].address = node.address
      CPrefetch(node.address)
      CPrefetch(node.address + UInt(Self.line))
    }
    for index in 0..<count where places[index].address != 0 {
      let node = NodeBlock(address: places[index].address)
      let address = node.addressOfRRset(places[index].type)
      places[index].address = node.flags.contains(.registered) ? address ?? 0 : 0
      guard let address else { continue }
      for line in 0..<Self.rrsetLines { CPrefetch(address + UInt(line * Self.line)) }
    }
    for index in 0..<count where places[index].address != 0 {
      let rrset = InstanceRRsetBlock(address: places[index].address).rrset
      let lines = rrset.type == .srv ? Self.instanceLines : 1
      for index in 0..<min(rrset.count, Self.instances) {
        let address = rrset.entry(index).instance.address
        for line in 0..<lines { CPrefetch(address + UInt(line * Self.line)) }
      }
    }
  }

  /// Takes the name over and gives the type, if there is a question.
  private func readQuestion(_ query: UnsafeRawBufferPointer) -> RecordType? {
    var position = Header.length
    while true {
      guard position + 5 <= query.count else { return nil }
      let length = query[position]
      guard length <= DomainName.labelLengthLimit else { return nil }
      position += 1 + Int(length)
      if length == 0 { break }
    }
    guard position + 4 <= query.count, position - Header.length <= DomainName.lengthLimit else {
      return nil
    }
    name.set((query.baseAddress! + Header.length).assumingMemoryBound(to: UInt8.self))
    return RecordType(rawValue: UInt16(query[position]) << 8 | UInt16(query[position + 1]))
  }
}
