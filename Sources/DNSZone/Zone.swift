// A zone as its one writer changes it; readers see each change at once.

package import DNSWire
import Synchronization

/// One zone: static records from a file and RRsets that come and go.
///
/// Only one thread at a time may use it. Readers, if the zone is published, see each call's
/// effect when it returns: an RRset whole or not at all.
package final class Zone {
  package let apex: DomainName
  private(set) var block: ZoneBlock
  let seed: UInt64
  private let reclamation: Reclamation
  /// The name that is being worked on.
  let name = NameScratch.allocate()
  /// What the static records leave no room for.
  package var staticNames: StaticNames
  /// Whether readers were ever led here. Until then there is nothing to wait for, and the zone may
  /// be made on another thread than the one that retires memory.
  private var isServed = false
  /// What readers still see, while the zone is being changed behind their back.
  private var publishedBlock: ZoneBlock?
  /// What to free when they no longer do.
  private var replaced: [Reclamation.Retired] = []

  /// A zone with `records`, all of class IN and at or below `apex`, a SOA at the apex among them,
  /// each once and with RDATA that its type allows: whoever reads them in has checked that.
  ///
  /// - Parameters:
  ///   - domain: where the zone is to be published.
  ///   - negativeTTLLimit: seconds that a negative answer may be kept at most, besides what the
  ///     SOA says (RFC 2308 section 5).
  package convenience init(
    apex: DomainName, records: [ResourceRecord], in domain: ZoneDomain,
    negativeTTLLimit: UInt32 = .max
  ) {
    self.init(apex: apex, in: domain, isBroken: false, negativeTTLLimit: negativeTTLLimit)
    addStatic(records)
  }

  /// A zone that could not be read: every query for it fails until it is replaced.
  package static func broken(apex: DomainName, in domain: ZoneDomain) -> Zone {
    Zone(apex: apex, in: domain, isBroken: true, negativeTTLLimit: .max)
  }

  private init(
    apex: DomainName, in domain: ZoneDomain, isBroken: Bool, negativeTTLLimit: UInt32
  ) {
    self.apex = apex
    staticNames = StaticNames(apex: apex, records: [])
    seed = domain.seed
    reclamation = domain.reclamation
    name.set(apex)
    block = ZoneBlock.allocate(
      apex: name.view, labels: name.labelCount, hash: name.view.hash(seed: seed),
      isBroken: isBroken, negativeTTLLimit: negativeTTLLimit)
  }

  deinit {
    name.deallocate()
    guard isServed || isReplacing else {
      block.deallocate()
      return
    }
    finishReplacement()
    let block = block
    reclamation.retire(.action { block.deallocate() })
  }

  /// Of the SOA record as the last change left it; nil in a zone that could not be read.
  package var serial: UInt32? { serial(in: block) }

  /// Of the SOA record as readers see it.
  package var visibleSerial: UInt32? { serial(in: visibleBlock) }

  private func serial(in block: ZoneBlock) -> UInt32? {
    name.set(apex)
    return block.node(name.view, seed: seed)?.prepared(.soa).map { SOA.serial(Array($0.rdata(0))) }
  }

  /// Whether anything stands at `owner` or below it.
  package func exists(_ owner: DomainName) -> Bool {
    name.set(owner)
    return find(name.view) != nil
  }

  /// A zone that could not be read.
  package var isBroken: Bool { block.isBroken }

  // MARK: Changes that readers see together

  /// From here on changes are made to a copy of the table of nodes, and of each node that changes,
  /// until the zone is published.
  /// - Returns: false when that is so already.
  func beginReplacement() -> Bool {
    guard publishedBlock == nil else { return false }
    publishedBlock = block
    block = block.copy()
    return true
  }

  /// What readers are led to while the zone is not published anew.
  var visibleBlock: ZoneBlock { publishedBlock ?? block }

  /// Whether readers are led to something else than ``block``.
  var isReplacing: Bool { publishedBlock != nil }

  /// To be called when readers are led to ``block``.
  func finishReplacement() {
    isServed = true
    guard let old = publishedBlock else { return }
    publishedBlock = nil
    for retired in replaced { reclamation.retire(retired) }
    replaced = []
    reclamation.retire(.action { old.deallocateTable() })
  }

  /// Goes back to what readers see; nothing may have been changed.
  func abandonReplacement() {
    guard let old = publishedBlock else { return }
    publishedBlock = nil
    block.deallocateTable()
    block = old
  }

  /// Frees memory that readers find no more, once they are led to ``block``.
  func retire(_ memory: UnsafeMutableRawPointer) {
    if isReplacing {
      replaced.append(.memory(memory))
    } else if isServed {
      reclamation.retire(.memory(memory))
    } else {
      memory.deallocate()
    }
  }

  // MARK: Changing RRsets

  /// Puts `rrset` in the place of what its owner has of that type. The turn goes on where it was.
  ///
  /// - Returns: whether records, order or TTL are other than before.
  @discardableResult
  package func publish(_ rrset: RRset) -> Bool {
    precondition(!rrset.rdata.isEmpty, "an RRset has at least one record (RFC 2181 section 5)")
    let new = RRsetBlock.prepare(rrset)
    let slot = NodeBlock.Slot(rrset.type, new.address)
    name.set(rrset.owner)
    guard let node = find(name.view) else {
      insertNode(name.view, slots: [slot], references: 0)
      return true
    }
    if node.prepared(rrset.type)?.hasSameContent(as: new) == true {
      new.deallocate()
      return false
    }
    put(slot, at: node)
    return true
  }

  /// Puts an RRset at a node that has none of that type, or one that it takes the place of.
  private func put(_ new: NodeBlock.Slot, at node: NodeBlock) {
    let slots = node.allSlots.filter { $0.type != new.type } + [new]
    guard let old = node.slotHeld(new.type) else {
      replace(node, slots: slots, flags: node.flags.intersection(.cuts))
      return
    }
    let turns = carryTurns(from: old, to: new)
    if isReplacing { replace(node, slots: slots) } else { node.replace(with: new) }
    finishReplacing(old, with: new, from: turns)
    retire(old.base)
  }

  func carryTurns(from old: NodeBlock.Slot, to new: NodeBlock.Slot) -> UInt64 {
    let turns = old.turns.pointee.load(ordering: .relaxed)
    new.turns.pointee.store(turns, ordering: .relaxed)
    return turns
  }

  /// To be called when readers find `new`: turns that were taken of the old one meanwhile count.
  func finishReplacing(
    _ old: NodeBlock.Slot, with new: NodeBlock.Slot, from turns: UInt64
  ) {
    let late = old.turns.pointee.load(ordering: .relaxed) - turns
    new.turns.pointee.wrappingAdd(late, ordering: .relaxed)
  }

  /// Takes away the RRset, if there is one, and names that exist no more without it.
  package func withdraw(_ owner: DomainName, _ type: RecordType) {
    name.set(owner)
    guard let node = find(name.view), let slot = node.slotHeld(type) else { return }
    setSlots(node.allSlots.filter { $0.type != type }, of: node)
    retire(slot.base)
  }

  /// Gives the node, which is that of ``name``, other RRsets; it goes when nothing needs it.
  func setSlots(_ slots: [NodeBlock.Slot], of node: NodeBlock, flags: NodeBlock.Flags? = nil) {
    if slots.isEmpty && node.header.pointee.references == 0 && !block.isNamed(name.view) {
      unlink(node, name.view)
      discard(node)
    } else {
      replace(node, slots: slots, flags: flags)
    }
  }

  /// The types that `owner` has, of RRsets that are not an instance's own.
  func types(at owner: DomainName) -> [RecordType] {
    name.set(owner)
    return find(name.view)?.allSlots.map(\.type) ?? []
  }

  // MARK: Names without records

  /// Makes `owner` exist, with or without data, until ``unpin(_:)``.
  package func pin(_ owner: DomainName) {
    name.set(owner)
    addReference(to: name.view)
  }

  package func unpin(_ owner: DomainName) {
    name.set(owner)
    guard let node = find(name.view) else { return }
    node.header.pointee.references -= 1
    removeIfUnused(node, name.view)
  }

  // MARK: Nodes

  func find(_ name: NameView) -> NodeBlock? {
    block.node(name, seed: seed)
  }

  func insertNode(
    _ name: NameView, slots: [NodeBlock.Slot], references: UInt32, flags: NodeBlock.Flags = []
  ) {
    insert(
      NodeBlock.allocate(
        name: name, hash: name.hash(seed: seed), slots: slots, references: references,
        flags: flags), name)
  }

  /// Adds a node, and only then the ancestors that are not there: a reader that does not find
  /// the node yet must not find an ancestor either, which would hide a wildcard above it.
  func insert(_ node: NodeBlock, _ name: NameView) {
    growIfFull()
    block.nodes.insert(node)
    if !block.isNamed(name) { addReference(to: name.parent) }
  }

  private func addReference(to name: NameView) {
    if let node = find(name) {
      node.header.pointee.references += 1
    } else {
      insertNode(name, slots: [], references: 1)
    }
  }

  /// Puts another node in the place of one.
  func replace(
    _ node: NodeBlock, slots: [NodeBlock.Slot], flags: NodeBlock.Flags? = nil
  ) {
    name.set(node.name.octets)
    let new = NodeBlock.allocate(
      name: name.view, hash: node.hash, slots: slots,
      references: node.header.pointee.references, flags: flags ?? node.flags)
    block.nodes.replace(node, with: new)
    discard(node)
  }

  private func removeIfUnused(_ node: NodeBlock, _ name: NameView) {
    guard node.instance == nil, node.rrsetCount == 0, node.header.pointee.references == 0,
      !block.isNamed(name)
    else { return }
    unlink(node, name)
    discard(node)
  }

  /// Takes a node out, the ancestors that were there for it alone before it: the order of
  /// ``insert(_:_:)`` reversed, for the same reason.
  func unlink(_ node: NodeBlock, _ name: NameView) {
    if let parent = find(name.parent) {
      parent.header.pointee.references -= 1
      removeIfUnused(parent, name.parent)
    }
    block.nodes.remove(node)
  }

  /// Frees a node; an instance's memory is freed by ``free(_:)`` alone.
  func discard(_ node: NodeBlock) {
    guard node.instance == nil, let memory = UnsafeMutableRawPointer(bitPattern: node.address)
    else { return }
    retire(memory)
  }

  private func growIfFull() {
    let old = block.nodes
    guard old.isFull else { return }
    let new = NameTable<NodeBlock>.allocate(for: old.count + 1)
    old.forEach { new.insert($0) }
    block.header.pointee.nodes.store(UInt(bitPattern: new.memory), ordering: .releasing)
    retire(old.memory)
  }

  // MARK: Cuts

  /// Notes at the node of `owner`, which static records make exist, where authority ends; see
  /// ``NodeBlock/Flags``.
  func setCutFlags(of owner: DomainName, isOccluded: Bool) {
    name.set(owner)
    // An instance has no name that ends authority or lies beyond such an end.
    guard let node = find(name.view), node.instance == nil else { return }
    var cuts: NodeBlock.Flags = []
    if owner != apex && node.prepared(.ns) != nil { cuts.insert(.delegation) }
    if node.prepared(.dname) != nil { cuts.insert(.dname) }
    if isOccluded { cuts.insert(.occluded) }
    guard cuts != node.flags.intersection(.cuts) else { return }
    replace(node, slots: node.allSlots, flags: node.flags.subtracting(.cuts).union(cuts))
  }
}
