// What a zone has of instances, as its one writer changes it.

package import DNSWire

extension Zone {
  /// An instance of which nobody knows yet. Its lease has no end until one is set.
  ///
  /// - Parameter content: with a name below the apex.
  package func makeInstance(_ content: InstanceBlock.Content) -> InstanceBlock {
    content.name.withUnsafeBufferPointer { name.set($0.baseAddress!) }
    return InstanceBlock.allocate(content, name: name.view, hash: name.view.hash(seed: seed))
  }

  /// Tells readers whether any instance may be held, so that only then answers are looked through
  /// for one.
  package func setHasHeldInstances(_ hasHeld: Bool) {
    block.hasHeldInstances = hasHeld
  }

  /// Lets the instance's own name be answered from it, in the place of whatever instance has the
  /// name so far: its turns go on. No other records may stand there.
  package func publish(_ instance: InstanceBlock) {
    let new = NodeBlock(address: instance.address)
    name.set(new.name.octets)
    guard let node = find(name.view) else {
      new.header.pointee.references = 0
      insert(new, name.view)
      return
    }
    guard node.address != new.address else { return }
    new.header.pointee.references = node.header.pointee.references
    let turns = node.instance?.turnsTaken ?? .zero
    instance.addTurns(turns)
    block.nodes.replace(node, with: new)
    // Those that were taken meanwhile.
    if let late = node.instance?.turnsTaken { instance.addTurns(late &- turns) }
    for slot in node.allSlots { retire(InstanceRRsetBlock(slot)) }
    discard(node)
  }

  /// Answers the instance's own name from it no longer.
  package func withdraw(_ instance: InstanceBlock) {
    let node = NodeBlock(address: instance.address)
    name.set(node.name.octets)
    guard find(name.view)?.address == node.address else { return }
    setSlots([], of: node, flags: [])
  }

  /// Frees an instance's memory once no reader can hold it. It must be withdrawn, and no RRset may
  /// be made of it any more, before memory is collected the next time.
  package func free(_ instance: InstanceBlock) {
    retire(instance.base)
  }

  /// Makes `rrsets` all that `owner` has, which must be a name in wire form at or below the apex
  /// without static records. Turns go on where they were.
  ///
  /// - Parameter isKept: says of a type that `rrsets` has not whether `owner` keeps what it has.
  package func replaceAll(
    at owner: [UInt8], with rrsets: inout OwnerRRsets,
    keeping isKept: (RecordType) -> Bool = { _ in false }
  ) {
    let new = rrsets.take()
    owner.withUnsafeBufferPointer { name.set($0.baseAddress!) }
    guard let node = find(name.view) else {
      if !new.isEmpty { insertNode(name.view, slots: new, references: 0, flags: .registered) }
      return
    }
    var replaced: [(old: NodeBlock.Slot, new: NodeBlock.Slot, turns: UInt64)] = []
    let kept = node.allSlots.filter { isKept($0.type) }
    let slots =
      kept
      + new.map { new in
        guard let old = node.slotHeld(new.type) else { return new }
        if InstanceRRsetBlock(old).hasSameContent(as: InstanceRRsetBlock(new)) {
          InstanceRRsetBlock(new).deallocate()
          return old
        }
        replaced.append((old, new, carryTurns(from: old, to: new)))
        return new
      }
    let gone = node.allSlots.filter { old in !slots.contains { $0.type == old.type } }
    if slots.count != node.rrsetCount || !gone.isEmpty || (isReplacing && !replaced.isEmpty) {
      setSlots(slots, of: node, flags: slots.isEmpty ? [] : .registered)
    } else {
      for (_, new, _) in replaced { node.replace(with: new) }
    }
    for (old, new, turns) in replaced {
      finishReplacing(old, with: new, from: turns)
      retire(InstanceRRsetBlock(old))
    }
    for slot in gone { retire(InstanceRRsetBlock(slot)) }
  }

  private func retire(_ rrset: InstanceRRsetBlock) {
    rrset.forEachBlock { retire($0) }
  }
}
