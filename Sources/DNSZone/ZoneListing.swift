// What the published zones hold, for whoever writes it down: as it would be answered, without a
// turn.
//
// Only whoever publishes may ask: what readers see is freed by nobody else. Zones beside the
// service zone are looked at through what is published alone: a reload may be changing the rest.

package import DNSWire

/// How far a list of a zone's owners has come.
package struct OwnerPlace: Sendable {
  /// The table that is gone through; its slots stay where they are as long as it is published.
  fileprivate var table: UInt = 0
  fileprivate var slot = 0

  package init() {}
}

extension ZoneDomain {
  /// Of the zone with that apex; nil for one whose file is refused.
  package func serial(of apex: DomainName) -> UInt32? {
    let soa = records(at: [apex], of: apex, at: 0).first { $0.type == .soa }
    return soa.map { SOA.serial($0.rdata) }
  }

  /// The records at `owners` of the zone with that apex, the SOA first where there is one; none of
  /// a zone that is not there.
  package func records(
    at owners: [DomainName], of apex: DomainName, at now: BootTime
  ) -> [ResourceRecord] {
    let scratch = AnswerScratch()
    defer { scratch.deallocate() }
    guard let zone = zone(apex, scratch.name) else { return [] }
    var records: [ResourceRecord] = []
    for owner in owners {
      scratch.name.set(owner)
      guard let node = zone.node(scratch.name.view, seed: seed) else { continue }
      for type in node.types.sorted(by: { $0.listRank < $1.listRank }) {
        node.rrset(type)?.current(at: now)?.append(to: &records, of: owner, at: now, scratch)
      }
    }
    return records
  }

  /// Adds owners of records that are no instances', in no order.
  ///
  /// - Parameters:
  ///   - isWhole: whether owners of instances' records are added too.
  ///   - slots: of the zone's table to look at.
  /// - Returns: whether there is more. The list begins anew if the zone has meanwhile got another
  ///   table.
  package func addStaticOwners(
    of apex: DomainName, isWhole: Bool, to owners: inout [DomainName],
    from place: inout OwnerPlace, slots: Int
  ) -> Bool {
    let scratch = NameScratch.allocate()
    defer { scratch.deallocate() }
    guard let nodes = zone(apex, scratch)?.nodes else { return false }
    let table = UInt(bitPattern: nodes.memory)
    if place.table != table {
      owners = []
      place = OwnerPlace()
      place.table = table
    }
    let end = min(place.slot + slots, nodes.slotCount)
    nodes.forEach(in: place.slot..<end) { node in
      guard isWhole || node.flags.isDisjoint(with: [.registered, .instance]), node.rrsetCount > 0
      else {
        return
      }
      owners.append(DomainName(uncheckedWire: Array(node.name)))
    }
    place.slot = end
    return end < nodes.slotCount
  }

  private func zone(_ apex: DomainName, _ scratch: NameScratch) -> ZoneBlock? {
    scratch.set(apex)
    guard let zone = published.findZone(scratch), zone.apexLabels == scratch.labelCount else {
      return nil
    }
    return zone
  }
}

extension NodeBlock {
  fileprivate var types: [RecordType] {
    instance == nil ? allSlots.map(\.type) : [.a, .aaaa, .srv, .txt]
  }
}

extension RecordType {
  fileprivate var listRank: UInt16 { self == .soa ? 0 : rawValue }
}

extension FoundRRset {
  fileprivate func append(
    to records: inout [ResourceRecord], of owner: DomainName, at now: BootTime,
    _ scratch: AnswerScratch
  ) {
    switch self {
    case .prepared(let rrset):
      for index in 0..<rrset.count {
        records.append(
          ResourceRecord(
            owner: owner, type: rrset.type, ttl: rrset.ttl, rdata: Array(rrset.rdata(index))))
      }
    case .instances(let rrset):
      let (entries, ttl) = rrset.allLive(at: now)
      for entry in entries {
        let rdata = owner.wire.withUnsafeBytes {
          entry.rdata(rrset.type, at: $0, in: scratch.rdata)
        }
        records.append(
          ResourceRecord(owner: owner, type: rrset.type, ttl: ttl, rdata: Array(rdata)))
      }
    }
  }
}
