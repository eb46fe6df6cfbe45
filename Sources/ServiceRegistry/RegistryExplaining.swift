// Explaining answers, with the rules by which they are made.

package import DNSWire
import DNSZone

/// What a name is in the eyes of the registry.
private enum NameRole {
  case shared(SharedName, of: Service)
  case instance(Member, of: Service)
  /// Its name below a service type.
  case serviceInstance(Member, of: Service)

  var service: Service {
    switch self {
    case .shared(_, let service), .instance(_, let service), .serviceInstance(_, let service):
      service
    }
  }
}

extension Registry {
  /// Says what DNS answers for `name` and `type` now. The next answer begins with the record that
  /// it would have begun with anyhow.
  ///
  /// - Parameters:
  ///   - reach: of the caller, who is told of no other service.
  ///   - place: the instance after which the list begins.
  ///   - limit: instances to list at most.
  package func explain(
    _ name: DomainName, _ type: RecordType, within reach: ServiceReach? = nil,
    after place: InstanceKey? = nil, limit: Int
  ) -> Explanation {
    let now = clock.boot()
    let findings = zone.domain.findings(for: name, type, at: now)
    let last = findings[findings.count - 1]
    let roles = roles(of: last.name)
    let shown = roles.filter { reach?($0.service.name) ?? true }
    let cause = cause(of: last, hasRoles: !roles.isEmpty)
    let isHidden = reach != nil && cause.isAboutOthers(isShown: !shown.isEmpty)
    let nearest = nearest(to: last.name).filter { reach?($0) ?? true }
    return Explanation(
      name: name, type: type, aliases: reach == nil ? findings.dropFirst().map(\.name) : [],
      zone: last.zone, code: last.code, cause: isHidden ? .hidden : cause,
      services: shown.isEmpty ? nearest : shown.map(\.service.name),
      inCount: shown.contains(where: hasName) ? last.instanceCount : 0,
      items: items(shown, type, last, after: place, limit: limit, at: now))
  }

  // MARK: What the name is

  private func roles(of name: DomainName) -> [NameRole] {
    nearest(to: name).compactMap { candidate in
      guard let service = state.services[candidate] else { return nil }
      let shared = zone.serviceRecords.sharedNames(of: candidate, service.record.claims)
      if let own = shared.first(where: { DomainName(uncheckedWire: $0.owner) == name }) {
        return .shared(own, of: service)
      }
      guard let label = name.labels.first?.prefix(while: { $0 != UInt8(ascii: ".") }),
        let id = try? Label(String(decoding: label, as: UTF8.self), kind: .instance),
        let member = service.member(id)
      else { return nil }
      if zone.names.instance(member.key) == name { return .instance(member, of: service) }
      return zone.serviceInstances(of: member).contains(name)
        ? .serviceInstance(member, of: service) : nil
    }.sorted { $0.service.name.key < $1.service.name.key }
  }

  /// The services that there are of those that may have the name.
  private func nearest(to name: DomainName) -> [ServiceName] {
    var names: [ServiceName] = []
    for candidate in zone.names.possibleServices(of: name) where !names.contains(candidate) {
      if let service = state.services[candidate] { names.append(service.name) }
    }
    return names
  }

  private func cause(of finding: Finding, hasRoles: Bool) -> Explanation.Cause {
    switch finding.kind {
    case .noZone: return .noZone
    case .brokenZone: return .brokenZone
    case .records, .alias, .aliasTooLong, .referral: return .zoneFile
    case .instances: return .registered
    case .noData, .nameError:
      if hasRoles { return .registered }
      guard finding.zone == zone.apex else { return .zoneFile }
      if finding.kind == .nameError { return .noSuchName }
      return zone.staticOwner(claiming: finding.name) == nil ? .noRecords : .zoneFile
    }
  }

  // MARK: Instances

  private func items(
    _ roles: [NameRole], _ type: RecordType, _ finding: Finding, after place: InstanceKey?,
    limit: Int, at now: BootTime
  ) -> [Explanation.Item] {
    var items: [Explanation.Item] = []
    for role in roles where place.map({ role.service.name.key >= $0.service.key }) ?? true {
      let isBegun = role.service.name == place?.service
      let members: ArraySlice<Member> =
        switch role {
        case .shared(_, let service): service.members(after: isBegun ? place?.id : nil)
        case .instance(let member, _), .serviceInstance(let member, _): isBegun ? [] : [member]
        }
      for member in members.prefix(limit - items.count) {
        let view = InstanceView(member.instance, renewedAt: member.renewedAt)
        let absence = absence(of: member, role, type, finding, at: now)
        items.append(
          Explanation.Item(
            instance: view, absence: absence,
            isHeld: member.block.isHeld && member.leaseEnd > now))
      }
    }
    return items
  }

  /// Whether a record of the member is answered is the zones' word; what keeps it out is found by
  /// the same rules that published the name.
  private func absence(
    of member: Member, _ role: NameRole, _ type: RecordType, _ finding: Finding, at now: BootTime
  ) -> Absence? {
    guard !finding.holds(member.block) else { return nil }
    if member.service.isLeaving { return .leaving }
    if zone.staticOwner(claiming: finding.name) != nil { return .zoneFile }
    switch role {
    case .shared(let name, let service):
      if isTaken(name, of: service) { return .otherService }
      if let absence = member.absence ?? name.absence(of: member) { return absence }
      if type == .srv, name.port(of: member) == nil { return .noPort }
      if type != .srv && !(name.hasAddresses && type.isAddress) { return .noSuchType }
    case .instance:
      if member.isExpired { return .leaseEnded }
      if type == .srv, member.block.port == nil { return .noPort }
      if type != .srv && type != .txt && !type.isAddress { return .noSuchType }
    case .serviceInstance:
      if member.isExpired { return .leaseEnded }
      if type != .srv && type != .txt { return .noSuchType }
    }
    if type.isAddress, !member.block.addresses.contains(where: { $0.recordType == type }) {
      return .noAddress
    }
    return member.leaseEnd <= now ? .leaseEnded : .otherPriority
  }

  private func hasName(_ role: NameRole) -> Bool {
    guard case .shared(let name, let service) = role else { return true }
    return !isTaken(name, of: service)
  }

  private func isTaken(_ name: SharedName, of service: Service) -> Bool {
    name.isTaken { state.child($0, of: service.name) }
  }
}
