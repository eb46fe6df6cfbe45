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
  private let seed: UInt64
  private let reclamation: Reclamation
  private let name = NameScratch.allocate()
  /// What the static records leave no room for.
  package var staticNames: StaticNames
  /// What readers still see, while the zone is being changed behind their back.
  private var publishedBlock: ZoneBlock?
  /// What to free when they no longer do.
  private var replaced: [() -> Void] = []

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
    finishReplacement()
    let block = block
    reclamation.retire { block.deallocate() }
  }

  /// Of the SOA record as the last change left it; nil in a zone that could not be read.
  package var serial: UInt32? { serial(in: block) }

  /// Of the SOA record as readers see it.
  package var visibleSerial: UInt32? { serial(in: visibleBlock) }

  private func serial(in block: ZoneBlock) -> UInt32? {
    name.set(apex)
    return block.node(name.view, seed: seed)?.rrset(.soa).map { SOA.serial(Array($0.rdata(0))) }
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

  /// To be called when readers are led to ``block``.
  func finishReplacement() {
    guard let old = publishedBlock else { return }
    publishedBlock = nil
    for free in replaced { reclamation.retire(free) }
    replaced = []
    reclamation.retire { old.deallocateTable() }
  }

  /// Goes back to what readers see; nothing may have been changed.
  func abandonReplacement() {
    guard let old = publishedBlock else { return }
    publishedBlock = nil
    block.deallocateTable()
    block = old
  }

  private func retire(_ free: @escaping () -> Void) {
    if publishedBlock == nil { reclamation.retire(free) } else { replaced.append(free) }
  }

  // MARK: Changing RRsets

  /// Puts `rrset` in the place of what its owner has of that type. The turn goes on where it was;
  /// when only the lease end differs, only that is changed.
  ///
  /// - Parameter looksUpTargets: whether names in RDATA are to be compressed and their addresses
  ///   looked up when a query comes; otherwise `rrset` brings all that an answer holds.
  /// - Returns: whether records, order, weights or TTL are other than before.
  @discardableResult
  package func publish(_ rrset: RRset, looksUpTargets: Bool = false) -> Bool {
    precondition(!rrset.members.isEmpty, "an RRset has at least one record (RFC 2181 section 5)")
    let new = RRsetBlock.prepare(rrset, looksUpTargets: looksUpTargets)
    name.set(rrset.owner)
    guard let node = find(name.view) else {
      insertNode(name.view, rrsets: [new], references: 0)
      return true
    }
    guard let old = node.rrset(rrset.type) else {
      replace(node, rrsets: node.rrsets + [new])
      return true
    }
    if keep(old, insteadOf: new) { return false }
    replace(old, of: node, with: new)
    return true
  }

  /// Makes `rrsets` all that `owner` has, which must be a name in wire form at or below the apex.
  /// Turns go on where they were.
  package func replaceAll(at owner: [UInt8], with rrsets: inout OwnerRRsets) {
    let new = rrsets.take()
    owner.withUnsafeBufferPointer { name.set($0.baseAddress!) }
    guard let node = find(name.view) else {
      if !new.isEmpty { insertNode(name.view, rrsets: new, references: 0) }
      return
    }
    let hasSameTypes =
      node.rrsetCount == new.count && new.allSatisfy { node.rrset($0.type) != nil }
    guard publishedBlock == nil, hasSameTypes else {
      replaceAll(of: node, with: new)
      return
    }
    for new in new {
      guard let old = node.rrset(new.type) else { continue }
      if !keep(old, insteadOf: new) { replace(old, of: node, with: new) }
    }
  }

  private func replaceAll(of node: NodeBlock, with new: [RRsetBlock]) {
    var carried: [(old: RRsetBlock, new: RRsetBlock, turns: UInt64)] = []
    let rrsets = new.map { new in
      guard let old = node.rrset(new.type) else { return new }
      if keep(old, insteadOf: new) { return old }
      let turns = old.header.pointee.turns.load(ordering: .relaxed)
      new.header.pointee.turns.store(turns, ordering: .relaxed)
      carried.append((old, new, turns))
      return new
    }
    let gone = node.rrsets.filter { old in !rrsets.contains { $0.type == old.type } }
    if rrsets.isEmpty && node.header.pointee.references == 0 && !block.isNamed(name.view) {
      remove(node, name.view)
    } else {
      replace(node, rrsets: rrsets)
    }
    for (old, new, turns) in carried { finishReplacing(old, with: new, from: turns) }
    for rrset in gone { retire { rrset.base.deallocate() } }
  }

  /// Whether `old` says the same as `new`; then only the lease end is taken over.
  private func keep(_ old: RRsetBlock, insteadOf new: RRsetBlock) -> Bool {
    guard old.hasSameContent(as: new) else { return false }
    let end = new.header.pointee.leaseEnd.load(ordering: .relaxed)
    old.header.pointee.leaseEnd.store(end, ordering: .relaxed)
    new.base.deallocate()
    return true
  }

  /// Replaces an RRset; turns that are taken of the old one meanwhile count for the new one.
  private func replace(_ old: RRsetBlock, of node: NodeBlock, with new: RRsetBlock) {
    let turns = old.header.pointee.turns.load(ordering: .relaxed)
    new.header.pointee.turns.store(turns, ordering: .relaxed)
    if publishedBlock == nil {
      node.replace(with: new)
    } else {
      replace(node, rrsets: node.rrsets.map { $0.type == new.type ? new : $0 })
    }
    finishReplacing(old, with: new, from: turns)
  }

  private func finishReplacing(_ old: RRsetBlock, with new: RRsetBlock, from turns: UInt64) {
    let late = old.header.pointee.turns.load(ordering: .relaxed) - turns
    new.header.pointee.turns.wrappingAdd(late, ordering: .relaxed)
    retire { old.base.deallocate() }
  }

  /// Changes the soonest lease end of an RRset, if it is there, and nothing else of it.
  package func setLeaseEnd(_ end: BootTime, of owner: [UInt8], _ type: RecordType) {
    owner.withUnsafeBufferPointer { name.set($0.baseAddress!) }
    find(name.view)?.rrset(type)?.header.pointee.leaseEnd.store(end, ordering: .relaxed)
  }

  /// Takes away the RRset, if there is one, and names that exist no more without it.
  package func withdraw(_ owner: DomainName, _ type: RecordType) {
    name.set(owner)
    guard let node = find(name.view), let rrset = node.rrset(type) else { return }
    let remaining = node.rrsets.filter { $0.type != type }
    if remaining.isEmpty && node.header.pointee.references == 0 && !block.isNamed(name.view) {
      remove(node, name.view)
    } else {
      replace(node, rrsets: remaining)
    }
    retire { rrset.base.deallocate() }
  }

  /// The types that `owner` has.
  func types(at owner: DomainName) -> [RecordType] {
    name.set(owner)
    return find(name.view)?.rrsets.map(\.type) ?? []
  }

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

  private func find(_ name: NameView) -> NodeBlock? {
    block.node(name, seed: seed)
  }

  /// Adds a node, and only then the ancestors that are not there: a reader that does not find
  /// the node yet must not find an ancestor either, which would hide a wildcard above it.
  private func insertNode(_ name: NameView, rrsets: [RRsetBlock], references: UInt32) {
    let node = NodeBlock.allocate(
      name: name, hash: name.hash(seed: seed), rrsets: rrsets, references: references, flags: [])
    growIfFull()
    block.nodes.insert(node)
    if !block.isNamed(name) { addReference(to: name.parent) }
  }

  private func addReference(to name: NameView) {
    if let node = find(name) {
      node.header.pointee.references += 1
    } else {
      insertNode(name, rrsets: [], references: 1)
    }
  }

  private func replace(
    _ node: NodeBlock, rrsets: [RRsetBlock], flags: NodeBlock.Flags? = nil
  ) {
    name.set(UnsafePointer(node.name.baseAddress!.assumingMemoryBound(to: UInt8.self)))
    let new = NodeBlock.allocate(
      name: name.view, hash: node.hash, rrsets: rrsets,
      references: node.header.pointee.references, flags: flags ?? node.flags)
    block.nodes.replace(node, with: new)
    retire { node.deallocate() }
  }

  private func removeIfUnused(_ node: NodeBlock, _ name: NameView) {
    guard node.rrsetCount == 0, node.header.pointee.references == 0, !block.isNamed(name) else {
      return
    }
    remove(node, name)
  }

  /// Removes a node, the ancestors that were there for it alone before it: the order of
  /// ``insertNode(_:rrsets:references:)`` reversed, for the same reason.
  private func remove(_ node: NodeBlock, _ name: NameView) {
    if let parent = find(name.parent) {
      parent.header.pointee.references -= 1
      removeIfUnused(parent, name.parent)
    }
    block.nodes.remove(node)
    retire { node.deallocate() }
  }

  private func growIfFull() {
    let old = block.nodes
    guard old.isFull else { return }
    let new = NameTable<NodeBlock>.allocate(for: old.count + 1)
    old.forEach { new.insert($0) }
    block.header.pointee.nodes.store(UInt(bitPattern: new.memory), ordering: .releasing)
    retire { old.memory.deallocate() }
  }

  // MARK: Cuts

  /// Notes at the node of `owner` where authority ends; see ``NodeBlock/Flags``.
  func setCutFlags(of owner: DomainName, isOccluded: Bool) {
    name.set(owner)
    guard let node = find(name.view) else { return }
    var flags: NodeBlock.Flags = []
    if owner != apex && node.rrset(.ns) != nil { flags.insert(.delegation) }
    if node.rrset(.dname) != nil { flags.insert(.dname) }
    if isOccluded { flags.insert(.occluded) }
    if flags != node.flags { replace(node, rrsets: node.rrsets, flags: flags) }
  }
}
