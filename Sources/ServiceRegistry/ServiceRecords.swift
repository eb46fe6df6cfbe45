// The mapping from a service's instances to RRsets.

import DNSWire
import DNSZone

/// The instances that give an owner's records of one type.
///
/// Which instances these are and what records they give are kept apart, since a renewal changes
/// only when the first of them ends.
struct RecordSource {
  enum Kind {
    case addresses(RecordType)
    /// SRV with the port that every member has.
    case srv(PortChoice)
    case text
  }

  enum PortChoice {
    case ofInstance
    case named(ServiceClaims.Port)
  }

  let kind: Kind
  /// In order of id.
  let members: [Member]

  var type: RecordType {
    switch kind {
    case .addresses(let type): type
    case .srv: .srv
    case .text: .txt
    }
  }

  /// The soonest of the members' lease ends.
  var leaseEnd: BootTime {
    var end = RRset.noLease
    for member in members { end = min(end, member.leaseEnd) }
    return end
  }

  /// Adds the records, in order of the instances' ids.
  ///
  /// - Parameter service: the service's owner name in wire form.
  func addRecords(to rrset: inout RRsetOctets, service: [UInt8]) {
    switch kind {
    case .addresses(let type): addAddresses(type, to: &rrset)
    case .srv(let port): addSRV(port, to: &rrset, service)
    case .text:
      for member in members {
        rrset.add(weight: 1) { member.registration.metadata.appendRDATA(to: &$0) }
      }
    }
  }

  /// Each address once, with the weights of those who have it summed.
  private func addAddresses(_ type: RecordType, to rrset: inout RRsetOctets) {
    var records: [(address: IPAddress, weight: UInt32)] = []
    var places: [IPAddress: Int] = [:]
    for member in members {
      let weight = UInt32(member.registration.weight)
      for address in member.registration.addresses where address.recordType == type {
        // An instance has each of its addresses once.
        if members.count > 1, let place = places.updateValue(records.count, forKey: address) {
          places[address] = place
          records[place].weight += weight
        } else {
          records.append((address, weight))
        }
      }
    }
    for (address, weight) in records { rrset.add(weight: weight, address.appendOctets) }
  }

  /// SRV (RFC 2782), the targets' addresses with them.
  private func addSRV(_ port: PortChoice, to rrset: inout RRsetOctets, _ service: [UInt8]) {
    for member in members {
      let registration = member.registration
      guard let port = registration.number(of: port) else { continue }
      rrset.add(
        weight: UInt32(registration.weight), targetAddresses: registration.addresses
      ) { rdata in
        rdata.append(bigEndian: registration.priority)
        rdata.append(bigEndian: registration.weight)
        rdata.append(bigEndian: port)
        rdata.append(label: member.id)
        rdata += service
      }
    }
  }
}

/// The sources of all RRsets of one owner.
struct OwnerSources {
  /// In wire form.
  let owner: [UInt8]
  var sources: [RecordSource] = []
}

/// Says which instances of a service stand where in the zone.
struct ServiceRecords {
  let names: OwnerNames

  /// An instance's own records, whatever its status; none once it has expired.
  func host(_ member: Member, service: [UInt8]) -> OwnerSources {
    var owner = OwnerSources(owner: names.instance(member.id, service: service))
    guard !member.isExpired else { return owner }
    add([member], to: &owner, .ofInstance, hasAddresses: true)
    owner.sources.append(RecordSource(kind: .text, members: [member]))
    return owner
  }

  /// The records of `service` that `claims` concern, from its live instances.
  ///
  /// - Parameter isPortHidden: whether another service has the name of that port.
  func shared(
    of service: Service, claims: ServiceClaims, isPortHidden: (ServiceClaims.Port) -> Bool
  ) -> [OwnerSources] {
    let name = service.name
    let live = service.members.filter(\.isLive)
    var own = OwnerSources(owner: names.service(name).wire)
    add(live, to: &own, .ofInstance, hasAddresses: true)
    var owners = [own]
    for transport in claims.transports {
      var owner = OwnerSources(owner: names.serviceSRV(name, transport).wire)
      let members = live.filter { $0.registration.transport == transport }
      add(members, to: &owner, .ofInstance, hasAddresses: false)
      owners.append(owner)
    }
    for port in claims.ports where !isPortHidden(port) {
      var owner = OwnerSources(owner: names.port(port, of: name).wire)
      add(live, to: &owner, .named(port), hasAddresses: false)
      owners.append(owner)
    }
    for tag in claims.tags {
      var owner = OwnerSources(owner: names.tag(tag, of: name).wire)
      let tagged = live.filter { $0.registration.tags.contains(tag) }
      add(tagged, to: &owner, .ofInstance, hasAddresses: true)
      owners.append(owner)
    }
    return owners
  }

  /// SRV of those who have the port. A and AAAA only of those with the lowest priority number, so
  /// that a better group takes over, and gives back, at once.
  private func add(
    _ members: [Member], to owner: inout OwnerSources, _ port: RecordSource.PortChoice,
    hasAddresses: Bool
  ) {
    if hasAddresses {
      let best = members.lazy.map(\.registration.priority).min()
      for type in [RecordType.a, .aaaa] {
        let group = members.filter {
          $0.registration.priority == best && $0.registration.hasAddress(type)
        }
        if !group.isEmpty {
          owner.sources.append(RecordSource(kind: .addresses(type), members: group))
        }
      }
    }
    let group = members.filter { $0.registration.number(of: port) != nil }
    if !group.isEmpty { owner.sources.append(RecordSource(kind: .srv(port), members: group)) }
  }
}

extension Registration {
  fileprivate func hasAddress(_ type: RecordType) -> Bool {
    for address in addresses where address.recordType == type { return true }
    return false
  }

  fileprivate func number(of choice: RecordSource.PortChoice) -> UInt16? {
    switch choice {
    case .ofInstance: return port
    case .named(let port):
      for own in ports where own.name == port.name && own.transport == port.transport {
        return own.port
      }
      return nil
    }
  }
}
