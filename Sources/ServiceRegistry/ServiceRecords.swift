// The mapping from a service's instances to RRsets.

import DNSWire
import DNSZone

/// An owner name that instances of a service share, and which of them it is about.
struct SharedName {
  enum Role {
    case service
    case transport(TransportProtocol)
    case port(ServiceClaims.Port)
    case tag(Label)
  }

  /// In wire form.
  let owner: [UInt8]
  let role: Role

  /// The types of records that stand there.
  var hasAddresses: Bool {
    switch role {
    case .service, .tag: true
    case .transport, .port: false
    }
  }

  /// Why a live member has no part in the name; nil: it has.
  func absence(of member: Member) -> Absence? {
    switch role {
    case .service, .port: nil
    case .transport(let transport): member.transport == transport ? nil : .otherProtocol
    case .tag(let tag): member.tags.contains(tag) ? nil : .otherTag
    }
  }

  /// Whether it is a port's, and the name of a service below goes before it.
  ///
  /// - Parameter child: the service whose name is the label before that of the port's service.
  func isTaken(_ child: (Label) -> Service?) -> Bool {
    guard case .port(let port) = role else { return false }
    return child(port.name)?.takesName(of: port) ?? false
  }

  /// What the SRV record of the member has here; nil: it has no record.
  func port(of member: Member) -> UInt16? {
    guard case .port(let port) = role else { return member.block.port }
    return member.port(port)
  }
}

/// A shared name with the instances that give its records.
struct OwnerGroup {
  let name: SharedName
  /// In order of id.
  let members: [Member]

  /// Adds A and AAAA of all, SRV of those who have the port.
  func add(to rrsets: inout OwnerRRsets, ttl: UInt32, maxAnswers: Int?) {
    if name.hasAddresses {
      for type in [RecordType.a, .aaaa] {
        rrsets.add(type, ttl: ttl, maxAnswers: maxAnswers) { records in
          for member in members { records.addAddresses(type, of: member.block) }
        }
      }
    }
    rrsets.add(.srv, ttl: ttl, maxAnswers: maxAnswers) { records in
      for member in members {
        if let port = name.port(of: member) { records.add(member.block, port: port) }
      }
    }
  }
}

/// Says which instances of a service stand where in the zone.
struct ServiceRecords {
  let names: OwnerNames

  /// The names of `service` that `claims` concern, with its live instances.
  ///
  /// - Parameter child: the service whose name is the label before this one's.
  func groups(
    of service: Service, claims: ServiceClaims, child: (Label) -> Service?
  ) -> [OwnerGroup] {
    let live = service.isLeaving ? [] : service.members.filter(\.isLive)
    let names = sharedNames(of: service.name, claims).filter { !$0.isTaken(child) }
    return names.map { name in
      switch name.role {
      case .service, .port: OwnerGroup(name: name, members: live)
      case .transport, .tag:
        OwnerGroup(name: name, members: live.filter { name.absence(of: $0) == nil })
      }
    }
  }

  /// The names of `service` that `claims` concern, its own first.
  func sharedNames(of service: ServiceName, _ claims: ServiceClaims) -> [SharedName] {
    [SharedName(owner: names.service(service).wire, role: .service)]
      + claims.transports.map {
        SharedName(owner: names.serviceSRV(service, $0).wire, role: .transport($0))
      }
      + claims.ports.map { SharedName(owner: names.port($0, of: service).wire, role: .port($0)) }
      + claims.tags.map { SharedName(owner: names.tag($0, of: service).wire, role: .tag($0)) }
  }
}
