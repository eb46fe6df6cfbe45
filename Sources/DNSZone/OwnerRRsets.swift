// All RRsets that an owner has from instances, put together.

package import DNSWire

/// RRsets made of instances that are to take the place of what an owner has; used again for one
/// owner after the other.
package struct OwnerRRsets: ~Copyable {
  private var slots: [NodeBlock.Slot] = []
  private var records = Records()

  package init() {}

  deinit {
    for slot in slots { slot.base.deallocate() }
  }

  /// Adds the RRset whose records `fill` adds, if it adds any.
  ///
  /// - Parameters:
  ///   - type: another one than those before.
  ///   - ttl: seconds at most.
  package mutating func add(
    _ type: RecordType, ttl: UInt32, _ fill: (inout Records) -> Void
  ) {
    records.removeAll()
    fill(&records)
    guard !records.entries.isEmpty else { return }
    let rotation = type == .srv ? records.rotation : records.joinRepetitions(type)
    let block = InstanceRRsetBlock.allocate(type, ttl: ttl, records.entries, rotation)
    slots.append(NodeBlock.Slot(type, block.address))
  }

  /// Hands over the RRsets.
  mutating func take() -> [NodeBlock.Slot] {
    defer { slots = [] }
    return slots
  }

  /// The records of one RRset in their order.
  package struct Records {
    fileprivate private(set) var entries: [InstanceEntry] = []
    private var weights: [UInt64] = []

    fileprivate var rotation: Rotation? { Rotation(weights: weights) }

    fileprivate mutating func removeAll() {
      entries.removeAll(keepingCapacity: true)
      weights.removeAll(keepingCapacity: true)
    }

    /// Adds an SRV record (RFC 2782) with the instance's own priority and weight.
    package mutating func add(_ instance: InstanceBlock, port: UInt16, weight: UInt16) {
      entries.append(InstanceEntry(instance, port))
      weights.append(UInt64(weight))
    }

    /// Adds an A or AAAA record for each of the instance's addresses. An address that several
    /// instances have is one record, with the sum of their weights.
    package mutating func addAddresses(
      _ type: RecordType, of instance: InstanceBlock, weight: UInt16
    ) {
      for index in 0..<(type == .a ? instance.v4Count : instance.v6Count) {
        entries.append(InstanceEntry(instance, UInt16(index)))
        weights.append(UInt64(weight))
      }
    }

    /// Puts entries of the same address side by side, where their first one was.
    fileprivate mutating func joinRepetitions(_ type: RecordType) -> Rotation? {
      let addresses = entries.map { $0.address(type) }
      guard hasRepetitions(addresses) else { return rotation }
      var groups: [(entries: [InstanceEntry], weight: UInt64)] = []
      var places: [UInt128: Int] = [:]
      for (index, address) in addresses.enumerated() {
        if let place = places[address] {
          groups[place].entries.append(entries[index].asRepetition)
          groups[place].weight += weights[index]
        } else {
          places[address] = groups.count
          groups.append(([entries[index]], weights[index]))
        }
      }
      entries = groups.flatMap(\.entries)
      return Rotation(weights: groups.map(\.weight), repetitions: groups.map(\.entries.count))
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
  /// As a number, to be compared with others of the same type.
  fileprivate func address(_ type: RecordType) -> UInt128 {
    type == .a
      ? UInt128(v4.loadUnaligned(as: UInt32.self)) : v6.loadUnaligned(as: UInt128.self)
  }
}
