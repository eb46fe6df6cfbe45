// All RRsets that an owner has from instances, put together.

package import DNSWire

/// RRsets made of instances that are to take the place of what an owner has; used again for one
/// owner after the other.
package struct OwnerRRsets: ~Copyable {
  private var slots: [NodeBlock.Slot] = []
  private var records = Records()

  package init() {}

  deinit {
    for slot in slots { InstanceRRsetBlock(slot).deallocate() }
  }

  /// Adds the RRset whose records `fill` adds, if it adds any.
  ///
  /// Of A and AAAA only those of the instances with the lowest priority number count, as long as
  /// one of these is live; then those with the next one.
  ///
  /// - Parameters:
  ///   - type: another one than those before.
  ///   - ttl: seconds at most.
  package mutating func add(
    _ type: RecordType, ttl: UInt32, _ fill: (inout Records) -> Void
  ) {
    records.removeAll()
    fill(&records)
    var first: InstanceRRsetBlock?
    for group in records.groups(type).reversed() {
      var content = group
      // Behind it there is nothing that it could keep from counting.
      guard !content.entries.isEmpty || first != nil else { continue }
      content.next = first
      first = .allocate(type, ttl: ttl, content)
    }
    if let first { slots.append(NodeBlock.Slot(type, first.address)) }
  }

  /// Hands over the RRsets.
  mutating func take() -> [NodeBlock.Slot] {
    defer { slots = [] }
    return slots
  }

  /// The records of one RRset in their order.
  package struct Records {
    private var entries: [InstanceEntry] = []
    /// Instances that have no address of the type.
    private var others: [InstanceBlock] = []

    fileprivate mutating func removeAll() {
      entries.removeAll(keepingCapacity: true)
      others.removeAll(keepingCapacity: true)
    }

    /// Adds an SRV record (RFC 2782) with the instance's own priority and weight.
    package mutating func add(_ instance: InstanceBlock, port: UInt16) {
      entries.append(InstanceEntry(instance, port))
    }

    /// Adds an A or AAAA record for each of the instance's addresses. An address that several
    /// instances have is one record, with the sum of their weights.
    package mutating func addAddresses(_ type: RecordType, of instance: InstanceBlock) {
      let count = type == .a ? instance.v4Count : instance.v6Count
      for index in 0..<count { entries.append(InstanceEntry(instance, UInt16(index))) }
      if count == 0 { others.append(instance) }
    }

    /// In order of priority, where that counts.
    fileprivate func groups(_ type: RecordType) -> [InstanceRRsetBlock.Content] {
      guard type != .srv else {
        return [.init(entries: entries, rotation: Rotation(weights: entries.map(\.weight)))]
      }
      let instances = entries.map(\.instance) + others
      let best = instances.first?.priority
      guard instances.contains(where: { $0.priority != best }) else {
        return [joined(entries, type)]
      }
      let priorities = Set(instances.map(\.priority))
      return priorities.sorted().map { priority in
        var group = joined(entries.filter { $0.instance.priority == priority }, type)
        group.witnesses = others.filter { $0.priority == priority }
        return group
      }
    }

    /// Entries of the same address side by side, where their first one was.
    private func joined(
      _ entries: [InstanceEntry], _ type: RecordType
    ) -> InstanceRRsetBlock.Content {
      let addresses = entries.map { $0.address(type) }
      guard hasRepetitions(addresses) else {
        return .init(entries: entries, rotation: Rotation(weights: entries.map(\.weight)))
      }
      var groups: [(entries: [InstanceEntry], weight: UInt64)] = []
      var places: [UInt128: Int] = [:]
      for (entry, address) in zip(entries, addresses) {
        if let place = places[address] {
          groups[place].entries.append(entry.asRepetition)
          groups[place].weight += entry.weight
        } else {
          places[address] = groups.count
          groups.append(([entry], entry.weight))
        }
      }
      return .init(
        entries: groups.flatMap(\.entries),
        rotation: Rotation(
          weights: groups.map(\.weight), repetitions: groups.map(\.entries.count)))
    }

    private func hasRepetitions(_ addresses: [UInt128]) -> Bool {
      // Comparing few is faster than making a set of them.
      guard addresses.count <= 16 else { return Set(addresses).count < addresses.count }
      for (index, address) in addresses.enumerated() where addresses[..<index].contains(address) {
        return true
      }
      return false
    }
  }
}

extension InstanceEntry {
  fileprivate var weight: UInt64 { UInt64(instance.weight) }

  /// As a number, to be compared with others of the same type.
  fileprivate func address(_ type: RecordType) -> UInt128 {
    type == .a
      ? UInt128(v4.loadUnaligned(as: UInt32.self)) : v6.loadUnaligned(as: UInt128.self)
  }
}
