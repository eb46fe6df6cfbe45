// All RRsets that an owner has from instances, put together.

package import DNSWire

/// RRsets made of instances that are to take the place of what an owner has; used again for one
/// owner after the other.
package struct OwnerRRsets: ~Copyable {
  private var slots: [NodeBlock.Slot] = []
  private var records = Records()

  package init() {}

  /// Records of an answer that need not hold all: more than any message holds.
  package static var answersLimit: Int { LiveRecords.limit }

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
  ///   - maxAnswers: records that an answer holds at most, from 1 to ``answersLimit``; nil: all.
  package mutating func add(
    _ type: RecordType, ttl: UInt32, maxAnswers: Int? = nil, _ fill: (inout Records) -> Void
  ) {
    records.removeAll()
    fill(&records)
    var first: InstanceRRsetBlock?
    for group in records.groups(type, maxAnswers).reversed() {
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

    /// Adds a record that needs nothing but the instance: TXT, or PTR to the instance's own name.
    package mutating func add(_ instance: InstanceBlock) {
      entries.append(InstanceEntry(instance, 0))
    }

    /// Adds a PTR record to the instance's name below the owner, a service type (RFC 6763 section
    /// 4.1).
    package mutating func addServiceInstance(_ instance: InstanceBlock) {
      entries.append(InstanceEntry(instance, InstanceEntry.serviceInstance))
    }

    /// Adds an A or AAAA record for each of the instance's addresses. An address that several
    /// instances have is one record, with the sum of their weights.
    package mutating func addAddresses(_ type: RecordType, of instance: InstanceBlock) {
      let count = type == .a ? instance.v4Count : instance.v6Count
      for index in 0..<count { entries.append(InstanceEntry(instance, UInt16(index))) }
      if count == 0 { others.append(instance) }
    }

    /// In order of priority, where that counts.
    fileprivate func groups(
      _ type: RecordType, _ maxAnswers: Int?
    ) -> [InstanceRRsetBlock.Content] {
      guard type.isAddress else {
        let weights = type == .srv ? entries.map(\.weight) : entries.map { _ in 1 }
        return [content(entries, weights: weights, maxAnswers)]
      }
      let instances = entries.map(\.instance) + others
      let best = instances.first?.priority
      guard instances.contains(where: { $0.priority != best }) else {
        return [joined(entries, type, maxAnswers)]
      }
      let priorities = Set(instances.map(\.priority))
      return priorities.sorted().map { priority in
        var group = joined(
          entries.filter { $0.instance.priority == priority }, type, maxAnswers)
        group.witnesses = others.filter { $0.priority == priority }
        return group
      }
    }

    /// Entries of the same address side by side, where their first one was.
    private func joined(
      _ entries: [InstanceEntry], _ type: RecordType, _ maxAnswers: Int?
    ) -> InstanceRRsetBlock.Content {
      let addresses = entries.map { $0.address(type) }
      guard hasRepetitions(addresses) else {
        return content(entries, weights: entries.map(\.weight), maxAnswers)
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
      return content(
        groups.flatMap(\.entries), weights: groups.map(\.weight),
        entryCounts: groups.map(\.entries.count), maxAnswers)
    }

    /// - Parameters:
    ///   - weights: of each record.
    ///   - entryCounts: entries of each record; nil: one.
    private func content(
      _ entries: [InstanceEntry], weights: [UInt64], entryCounts: [Int]? = nil,
      _ maxAnswers: Int?
    ) -> InstanceRRsetBlock.Content {
      var content = InstanceRRsetBlock.Content(entries: entries)
      if let maxAnswers, maxAnswers < weights.count {
        content.window = .init(size: maxAnswers, weights: weights, entryCounts: entryCounts)
      } else if let entryCounts {
        content.rotation = Rotation(weights: weights, repetitions: entryCounts)
      } else {
        content.rotation = Rotation(weights: weights)
      }
      return content
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
