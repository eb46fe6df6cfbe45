// The mapping from a service's instances to RRsets.

import DNSWire
import DNSZone

/// Makes RRsets of instances. Pure: what is published is up to the caller.
struct ServiceRecords {
  let names: OwnerNames
  /// Seconds.
  let ttl: UInt32

  /// What an owner has of one type: records, or none.
  struct Content {
    let owner: DomainName
    let type: RecordType
    let members: [RRset.Member]
    let leaseEnd: BootTime
  }

  /// A and AAAA for `members`: only those of the lowest priority number (so a better group takes
  /// over, and gives back, at once), each address once with the weights summed.
  func addresses(at owner: DomainName, of members: [Service.Member]) -> [Content] {
    let best = members.map(\.instance.registration.priority).min()
    let group = members.filter { $0.instance.registration.priority == best }
    return [RecordType.a, .aaaa].map { type in
      var records: [RRset.Member] = []
      var places: [IPAddress: Int] = [:]
      var leaseEnd = RRset.noLease
      for member in group {
        let registration = member.instance.registration
        for address in registration.addresses where address.recordType == type {
          leaseEnd = min(leaseEnd, member.leaseEnd)
          if let place = places[address] {
            records[place].weight += UInt32(registration.weight)
          } else {
            places[address] = records.count
            records.append(
              RRset.Member(rdata: address.octets, weight: UInt32(registration.weight)))
          }
        }
      }
      return Content(owner: owner, type: type, members: records, leaseEnd: leaseEnd)
    }
  }

  /// SRV (RFC 2782) for those `members` of which `port` gives one, their addresses with them.
  func srv(
    at owner: DomainName, of members: [Service.Member], port: (Registration) -> UInt16?
  ) -> Content {
    var records: [RRset.Member] = []
    var leaseEnd = RRset.noLease
    for member in members {
      let registration = member.instance.registration
      guard let port = port(registration) else { continue }
      leaseEnd = min(leaseEnd, member.leaseEnd)
      var rdata: [UInt8] = []
      for number in [registration.priority, registration.weight, port] {
        rdata += [UInt8(number >> 8), UInt8(number & 0xFF)]
      }
      rdata += names.instance(member.instance.key).wire
      records.append(
        RRset.Member(
          rdata: rdata, weight: UInt32(registration.weight),
          targetAddresses: registration.addresses))
    }
    return Content(owner: owner, type: .srv, members: records, leaseEnd: leaseEnd)
  }

  /// An instance's own records, whatever its status.
  func host(_ member: Service.Member) -> [Content] {
    let owner = names.instance(member.instance.key)
    return addresses(at: owner, of: [member]) + [
      srv(at: owner, of: [member], port: \.port),
      Content(
        owner: owner, type: .txt,
        members: [RRset.Member(rdata: text(member.instance.registration.metadata))],
        leaseEnd: member.leaseEnd),
    ]
  }

  /// Metadata as strings of a TXT record, in order of key; none: one empty string (RFC 6763
  /// section 6.1).
  private func text(_ metadata: [String: String]) -> [UInt8] {
    guard !metadata.isEmpty else { return [0] }
    return metadata.sorted { $0.key < $1.key }.flatMap { key, value in
      let entry = Array("\(key)=\(value)".utf8)
      return [UInt8(entry.count)] + entry
    }
  }

  /// The records of `service` that `claims` concern, from its live instances.
  ///
  /// - Parameter isPortHidden: whether another service has the name of that port.
  func shared(
    of service: Service, claims: ServiceClaims, isPortHidden: (ServiceClaims.Port) -> Bool
  ) -> [Content] {
    let name = service.record.name
    let live = service.members.values.filter(\.isLive)
      .sorted { $0.instance.key.id < $1.instance.key.id }
    let owner = names.service(name)
    var contents = addresses(at: owner, of: live) + [srv(at: owner, of: live, port: \.port)]
    for transport in claims.transports {
      let members = live.filter { $0.instance.registration.transport == transport }
      contents.append(srv(at: names.serviceSRV(name, transport), of: members, port: \.port))
    }
    for port in claims.ports where !isPortHidden(port) {
      contents.append(srv(at: names.port(port, of: name), of: live) { $0.number(of: port) })
    }
    for tag in claims.tags {
      let tagged = live.filter { $0.instance.registration.tags.contains(tag) }
      let owner = names.tag(tag, of: name)
      contents += addresses(at: owner, of: tagged) + [srv(at: owner, of: tagged, port: \.port)]
    }
    return contents
  }
}

extension Registration {
  fileprivate func number(of port: ServiceClaims.Port) -> UInt16? {
    ports.first { $0.name == port.name && $0.transport == port.transport }?.port
  }
}
