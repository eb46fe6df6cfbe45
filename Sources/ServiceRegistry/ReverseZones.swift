// Reverse zones: which registered instances have an address (RFC 1035 section 3.5).

package import DNSWire
package import DNSZone

/// Zones below `in-addr.arpa` and `ip6.arpa` that hold a PTR record to the own name of each live
/// instance with an address in them, and beside that nothing but SOA and NS of the service zone.
package final class ReverseZones {
  private let zones: [Zone]
  private var holders: [IPAddress: Holders] = [:]
  private var rrsets = OwnerRRsets()

  /// The instances of one address.
  private struct Holders {
    var listed: [InstanceBlock] = []
    /// For which the answer has no room.
    var others: Set<InstanceBlock> = []

    /// In the place of what the same instance was answered from before.
    mutating func insert(_ instance: InstanceBlock) {
      let before = listed.firstIndex { $0.name.elementsEqual(instance.name) }
      if let before {
        listed[before] = instance
      } else if listed.count < RegistryLimits.reverseInstances {
        listed.append(instance)
      } else {
        others.insert(instance)
      }
    }

    /// - Returns: whether it was among those that are answered.
    mutating func remove(_ instance: InstanceBlock) -> Bool {
      guard let place = listed.firstIndex(of: instance) else {
        others.remove(instance)
        return false
      }
      listed.remove(at: place)
      if let next = others.popFirst() { listed.append(next) }
      return true
    }
  }

  /// - Parameter zones: with their SOA and NS; none is above another.
  package init(_ zones: [Zone]) {
    self.zones = zones
  }

  /// The records of a reverse zone that are not registered: those of the service zone's apex.
  package static func records(
    of apex: DomainName, serviceZone: [ResourceRecord]
  ) -> [ResourceRecord] {
    guard let serviceApex = serviceZone.first(where: { $0.type == .soa })?.owner else { return [] }
    return serviceZone.filter { record in
      record.owner == serviceApex && (record.type == .soa || record.type == .ns)
    }.map { ResourceRecord(owner: apex, type: $0.type, ttl: $0.ttl, rdata: $0.rdata) }
  }

  /// Publishes SOA and NS as the service zone has them.
  func publishApexes(_ serviceZone: [ResourceRecord], serial: UInt32) {
    for zone in zones {
      let records = Self.records(of: zone.apex, serviceZone: serviceZone)
      for type in [RecordType.soa, .ns] {
        let own = records.filter { $0.type == type }
        guard let first = own.first else { continue }
        let rdata = own.map { type == .soa ? SOA.rdata($0.rdata, serial: serial) : $0.rdata }
        zone.publish(RRset(owner: zone.apex, type: type, ttl: first.ttl, rdata: rdata))
      }
    }
  }

  /// Lets the addresses of `instance` lead to it, or no longer.
  func set(_ instance: InstanceBlock, isLive: Bool) {
    guard !zones.isEmpty else { return }
    for address in instance.addresses {
      let owner = address.reverseName
      guard let zone = zones.first(where: { owner.isEqualOrBelow($0.apex) }) else { continue }
      if isLive {
        holders[address, default: Holders()].insert(instance)
      } else if holders[address]?.remove(instance) != true {
        continue
      }
      publish(holders[address]?.listed ?? [], at: owner, in: zone)
      if holders[address]?.listed.isEmpty ?? false { holders[address] = nil }
    }
  }

  private func publish(
    _ instances: [InstanceBlock], at owner: DomainName, in zone: Zone
  ) {
    rrsets.add(.ptr, ttl: instances.map(\.ttl).min() ?? 0) { records in
      for instance in instances { records.add(instance) }
    }
    zone.replaceAll(at: owner.wire, with: &rrsets)
  }
}
