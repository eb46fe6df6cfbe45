// The mapping from a service's instances to RRsets.

import DNSWire
import DNSZone

/// An owner name that instances of a service share, and which ones give its records.
struct OwnerGroup {
  enum PortChoice {
    case ofInstance
    case named(ServiceClaims.Port)
  }

  /// In wire form.
  let owner: [UInt8]
  /// In order of id.
  let members: [Member]
  let port: PortChoice
  let hasAddresses: Bool

  /// Adds A and AAAA of all, SRV of those who have the port.
  func add(to rrsets: inout OwnerRRsets, ttl: UInt32, maxAnswers: Int?) {
    if hasAddresses {
      for type in [RecordType.a, .aaaa] {
        rrsets.add(type, ttl: ttl, maxAnswers: maxAnswers) { records in
          for member in members { records.addAddresses(type, of: member.block) }
        }
      }
    }
    rrsets.add(.srv, ttl: ttl, maxAnswers: maxAnswers) { records in
      for member in members {
        if let port = member.number(of: port) { records.add(member.block, port: port) }
      }
    }
  }
}

/// Says which instances of a service stand where in the zone.
struct ServiceRecords {
  let names: OwnerNames

  /// The names of `service` that `claims` concern, with its live instances.
  ///
  /// - Parameter isPortHidden: whether another service has the name of that port.
  func groups(
    of service: Service, claims: ServiceClaims, isPortHidden: (ServiceClaims.Port) -> Bool
  ) -> [OwnerGroup] {
    let name = service.name
    let live = service.isLeaving ? [] : service.members.filter(\.isLive)
    var groups = [
      OwnerGroup(
        owner: names.service(name).wire, members: live, port: .ofInstance, hasAddresses: true)
    ]
    for transport in claims.transports {
      groups.append(
        OwnerGroup(
          owner: names.serviceSRV(name, transport).wire,
          members: live.filter { $0.transport == transport }, port: .ofInstance,
          hasAddresses: false))
    }
    for port in claims.ports where !isPortHidden(port) {
      groups.append(
        OwnerGroup(
          owner: names.port(port, of: name).wire, members: live, port: .named(port),
          hasAddresses: false))
    }
    for tag in claims.tags {
      groups.append(
        OwnerGroup(
          owner: names.tag(tag, of: name).wire,
          members: live.filter { $0.tags.contains(tag) }, port: .ofInstance,
          hasAddresses: true))
    }
    return groups
  }
}

extension Member {
  fileprivate func number(of choice: OwnerGroup.PortChoice) -> UInt16? {
    switch choice {
    case .ofInstance: return block.port
    case .named(let port):
      for own in ports where own.name == port.name && own.transport == port.transport {
        return own.port
      }
      return nil
    }
  }
}
