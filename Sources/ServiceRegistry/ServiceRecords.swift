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
    /// SRV with the port that the function gives; every member has one.
    case srv((Registration) -> UInt16?)
    case text
  }

  let owner: DomainName
  let kind: Kind
  let members: [Service.Member]

  var type: RecordType {
    switch kind {
    case .addresses(let type): type
    case .srv: .srv
    case .text: .txt
    }
  }

  /// The soonest of the members' lease ends.
  var leaseEnd: BootTime { members.lazy.map(\.leaseEnd).min() ?? RRset.noLease }

  /// The RRset, or nil when there are no members. Records are in order of the instances' ids.
  func rrset(ttl: UInt32, names: OwnerNames) -> RRset? {
    guard !members.isEmpty else { return nil }
    let sorted = members.sorted { $0.instance.key.id < $1.instance.key.id }
    let records =
      switch kind {
      case .addresses(let type): Self.addresses(type, sorted)
      case .srv(let port): Self.srv(port, sorted, names)
      case .text: sorted.map { RRset.Member(rdata: Self.text($0.instance.registration.metadata)) }
      }
    return RRset(owner: owner, type: type, ttl: ttl, members: records, leaseEnd: leaseEnd)
  }

  /// Each address once, with the weights of those who have it summed.
  private static func addresses(
    _ type: RecordType, _ members: [Service.Member]
  ) -> [RRset.Member] {
    var records: [RRset.Member] = []
    var places: [IPAddress: Int] = [:]
    for member in members {
      let registration = member.instance.registration
      for address in registration.addresses where address.recordType == type {
        if let place = places[address] {
          records[place].weight += UInt32(registration.weight)
        } else {
          places[address] = records.count
          records.append(
            RRset.Member(rdata: address.octets, weight: UInt32(registration.weight)))
        }
      }
    }
    return records
  }

  /// SRV (RFC 2782), the targets' addresses with them.
  private static func srv(
    _ port: (Registration) -> UInt16?, _ members: [Service.Member], _ names: OwnerNames
  ) -> [RRset.Member] {
    members.compactMap { member in
      let registration = member.instance.registration
      guard let port = port(registration) else { return nil }
      var rdata: [UInt8] = []
      rdata.append(bigEndian: registration.priority)
      rdata.append(bigEndian: registration.weight)
      rdata.append(bigEndian: port)
      rdata += names.instance(member.instance.key).wire
      return RRset.Member(
        rdata: rdata, weight: UInt32(registration.weight),
        targetAddresses: registration.addresses)
    }
  }

  /// Metadata as strings of a TXT record, in order of key; none: one empty string (RFC 6763
  /// section 6.1).
  private static func text(_ metadata: [String: String]) -> [UInt8] {
    guard !metadata.isEmpty else { return [0] }
    return metadata.sorted { $0.key < $1.key }.flatMap { key, value in
      let entry = Array("\(key)=\(value)".utf8)
      return [UInt8(entry.count)] + entry
    }
  }
}

/// Says which instances of a service stand where in the zone.
struct ServiceRecords {
  let names: OwnerNames

  /// An instance's own records, whatever its status.
  func host(_ member: Service.Member) -> [RecordSource] {
    let owner = names.instance(member.instance.key)
    return addresses(at: owner, of: [member]) + [
      srv(at: owner, of: [member], port: \.port),
      RecordSource(owner: owner, kind: .text, members: [member]),
    ]
  }

  /// The records of `service` that `claims` concern, from its live instances.
  ///
  /// - Parameter isPortHidden: whether another service has the name of that port.
  func shared(
    of service: Service, claims: ServiceClaims, isPortHidden: (ServiceClaims.Port) -> Bool
  ) -> [RecordSource] {
    let name = service.record.name
    let live = service.members.values.filter(\.isLive)
    let owner = names.service(name)
    var sources = addresses(at: owner, of: live) + [srv(at: owner, of: live, port: \.port)]
    for transport in claims.transports {
      let members = live.filter { $0.instance.registration.transport == transport }
      sources.append(srv(at: names.serviceSRV(name, transport), of: members, port: \.port))
    }
    for port in claims.ports where !isPortHidden(port) {
      sources.append(srv(at: names.port(port, of: name), of: live) { $0.number(of: port) })
    }
    for tag in claims.tags {
      let tagged = live.filter { $0.instance.registration.tags.contains(tag) }
      let owner = names.tag(tag, of: name)
      sources += addresses(at: owner, of: tagged) + [srv(at: owner, of: tagged, port: \.port)]
    }
    return sources
  }

  /// A and AAAA: only those of the lowest priority number, so that a better group takes over, and
  /// gives back, at once.
  private func addresses(
    at owner: DomainName, of members: [Service.Member]
  ) -> [RecordSource] {
    let best = members.lazy.map(\.instance.registration.priority).min()
    let group = members.filter { $0.instance.registration.priority == best }
    return [RecordType.a, .aaaa].map { type in
      RecordSource(
        owner: owner, kind: .addresses(type),
        members: group.filter {
          $0.instance.registration.addresses.contains { $0.recordType == type }
        })
    }
  }

  private func srv(
    at owner: DomainName, of members: [Service.Member],
    port: @escaping (Registration) -> UInt16?
  ) -> RecordSource {
    RecordSource(
      owner: owner, kind: .srv(port),
      members: members.filter { port($0.instance.registration) != nil })
  }
}

extension Registration {
  fileprivate func number(of port: ServiceClaims.Port) -> UInt16? {
    ports.first { $0.name == port.name && $0.transport == port.transport }?.port
  }
}
