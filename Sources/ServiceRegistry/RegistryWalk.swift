// Going through all that is registered, slice by slice, while it changes.

package import DNSWire
import DNSZone

/// A zone that is served.
package struct ZoneSummary: Equatable, Sendable {
  package let apex: DomainName
  /// Nil for a zone whose file is refused.
  package let serial: UInt32?
}

/// How far somebody has come who goes through services in order. What is there all the time is met
/// once; what comes or goes meanwhile is met or not.
package struct RegistryWalk: Sendable {
  private let services: [ServiceName]
  private var index = 0
  /// Of the service that is being gone through: how many of its shared names are done, and the
  /// instance that was met last.
  fileprivate var nameCount = 0
  fileprivate var last: Label?

  package init(_ services: [ServiceName]) {
    self.services = services.count > 1 ? services.sorted { $0.key < $1.key } : services
  }

  fileprivate var service: ServiceName? { index < services.count ? services[index] : nil }
  package var isAtEnd: Bool { service == nil }

  fileprivate mutating func goToNextService() {
    index += 1
    nameCount = 0
    last = nil
  }
}

extension RegistryWalk {
  fileprivate mutating func goOn(after members: ArraySlice<Member>, of rest: ArraySlice<Member>) {
    if members.count == rest.count { goToNextService() } else { last = members.last?.id }
  }
}

extension Registry {
  // MARK: Live instances

  /// The live ones among the next instances.
  package func liveInstances(_ walk: inout RegistryWalk) -> [InstanceView] {
    let now = clock.boot()
    var live: [InstanceView] = []
    var visited = 0
    while visited < RegistryLimits.slice, let name = walk.service {
      let rest = state.services[name]?.members(after: walk.last) ?? []
      let members = rest.prefix(RegistryLimits.slice - visited)
      for member in members where member.isLive && member.leaseEnd > now {
        live.append(InstanceView(member.instance, renewedAt: member.renewedAt))
      }
      visited += members.count + 1
      walk.goOn(after: members, of: rest)
    }
    return live
  }

  // MARK: Zones

  /// All zones that are served, in order of name.
  package var zones: [ZoneSummary] {
    zone.domain.apexes.map { ZoneSummary(apex: $0, serial: zone.domain.serial(of: $0)) }
      .sorted { $0.apex.description < $1.apex.description }
  }

  /// The owners of a zone's records, those that instances give left out, in no order.
  package func staticOwners(of apex: DomainName) async -> [DomainName] {
    var owners: [DomainName] = []
    var place = OwnerPlace()
    while zone.domain.addStaticOwners(
      of: apex, isWhole: apex != zone.apex, to: &owners, from: &place, slots: Self.slotsOfSlice)
    {
      await Task.yield()
    }
    return owners
  }

  /// Slots of a table that are looked at before whatever else is due gets its turn.
  private static var slotsOfSlice: Int { 20_000 }

  /// The records at `owners` as they would be answered now.
  package func records(at owners: [DomainName], of apex: DomainName) -> [ResourceRecord] {
    zone.domain.records(at: owners, of: apex, at: clock.boot())
  }

  /// The next records that instances give in the service zone.
  package func registeredRecords(_ walk: inout RegistryWalk) -> [ResourceRecord] {
    var owners: [DomainName] = []
    var weight = 0
    while weight < RegistryLimits.slice, let name = walk.service {
      if let service = state.services[name] {
        weight += addOwners(of: service, to: &owners, &walk, room: RegistryLimits.slice - weight)
      } else {
        walk.goToNextService()
        weight += 1
      }
    }
    // Where a zone file has records, they are among its own.
    return records(at: owners.filter { !zone.staticNames.owners.contains($0) }, of: zone.apex)
  }

  /// - Returns: how many instances give records to the owners.
  private func addOwners(
    of service: Service, to owners: inout [DomainName], _ walk: inout RegistryWalk, room: Int
  ) -> Int {
    var weight = 0
    let shared =
      zone.serviceRecords.sharedNames(of: service.name, service.record.claims)
      .filter { !$0.isTaken { state.child($0, of: service.name) } }
      .map { DomainName(uncheckedWire: $0.owner) } + typesListed(with: service)
    while weight < room, walk.nameCount < shared.count {
      owners.append(shared[walk.nameCount])
      walk.nameCount += 1
      weight += 1 + service.members.count
    }
    guard weight < room else { return weight }
    let rest = service.members(after: walk.last)
    let members = rest.prefix(room - weight)
    for member in members {
      owners.append(zone.names.instance(member.key))
      owners += zone.serviceInstances(of: member)
    }
    walk.goOn(after: members, of: rest)
    return weight + members.count
  }

  /// The service types that are met with `service`, of those that list instances: each is met once,
  /// and where it is a service's name too, that is where.
  private func typesListed(with service: Service) -> [DomainName] {
    service.record.claims.ports.compactMap { port in
      guard let type = zone.browsedTypes[port], type.shares.first?.service === service else {
        return nil
      }
      let namesake = (try? ServiceName(port.name.text)).flatMap { state.services[$0] }
      return namesake?.takesName(of: port) == true ? nil : type.name
    }
  }
}
