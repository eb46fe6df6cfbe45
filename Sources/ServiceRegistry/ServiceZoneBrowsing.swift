// What the service zone has for those who browse it (RFC 6763).
//
// Nobody registers these names: they follow from what is registered, and where a zone file has
// records they are left out.

import DNSWire
import DNSZone

extension ServiceZone {
  // MARK: Domains and types

  /// Publishes that this zone is the domain to browse, and which types there are.
  func publishBrowsing() {
    for domain in names.browsingDomains { publishPointers([apex.wire], at: domain) }
    publishPointers(browsedTypes.values.map(\.name.wire), at: names.serviceTypes)
  }

  private func publishPointers(_ targets: [[UInt8]], at owner: DomainName) {
    let isHidden = !isFree(owner)
    if isHidden, records.contains(where: { $0.owner == owner && $0.type == .ptr }) { return }
    guard !isHidden, !targets.isEmpty else { return zone.withdraw(owner, .ptr) }
    zone.publish(RRset(owner: owner, type: .ptr, ttl: ttl, rdata: targets))
  }

  /// Notes which types `service` has now; nil stands for no service.
  func changeTypes(of service: ServiceName, from old: ServiceClaims?, to new: ServiceClaims?) {
    let before = old?.ports ?? []
    let after = new?.ports ?? []
    guard before != after else { return }
    let gone = before.subtracting(after).filter { leave($0, service) }
    let new = after.subtracting(before).filter { enter($0, service) }
    if !gone.isEmpty || !new.isEmpty { publishBrowsing() }
  }

  /// - Returns: whether the type is new.
  private func enter(_ port: ServiceClaims.Port, _ service: ServiceName) -> Bool {
    if let type = browsedTypes[port] {
      type.insert(service)
      return false
    }
    guard browsedTypes.count < RegistryLimits.browsedTypes else { return false }
    let type = BrowsedType(port, name: names.serviceType(port))
    type.insert(service)
    browsedTypes[port] = type
    return true
  }

  /// - Returns: whether nobody has the type any more.
  private func leave(_ port: ServiceClaims.Port, _ service: ServiceName) -> Bool {
    guard let type = browsedTypes[port] else { return false }
    if type.remove(service) { publishList(of: type) }
    guard type.services.isEmpty else { return false }
    browsedTypes[port] = nil
    return true
  }

  // MARK: Lists of instances

  /// Publishes the list of each of those types with what there is now of `service`.
  func publishLists(_ ports: Set<ServiceClaims.Port>, of service: Service) {
    // Types for which there was no room come in as soon as there is.
    let late = ports.intersection(service.record.claims.ports).filter { browsedTypes[$0] == nil }
    if late.contains(where: { enter($0, service.name) }) { publishBrowsing() }
    for port in ports {
      guard let type = browsedTypes[port],
        type.update(service, { browsable($0, type) }), isBrowsable(type.name, service)
      else { continue }
      publishList(of: type)
    }
  }

  private func publishList(of type: BrowsedType) {
    guard !mayHideBrowsing || isFree(type.name) else { return }
    let ttl = type.shares.map { self.ttl(of: $0.service) }.min() ?? ttl
    rrsets.add(.ptr, ttl: ttl) { records in
      for share in type.shares {
        for instance in share.instances { records.addServiceInstance(instance) }
      }
    }
    zone.replaceAll(at: type.name.wire, with: &rrsets) { $0 != .ptr }
  }

  private func browsable(_ service: Service, _ type: BrowsedType) -> [InstanceBlock] {
    guard !service.isLeaving else { return [] }
    return service.members.filter { member in
      guard member.isLive, member.port(type.port) != nil,
        let name = names.serviceInstance(member.block.name, of: type.name)
      else { return false }
      return isHeld(name, by: member.block)
    }.map(\.block)
  }

  /// Whether no static record stands in the way of a name of `service`.
  private func isBrowsable(_ name: DomainName, _ service: Service) -> Bool {
    guard mayHideBrowsing, !isFree(name) else { return true }
    noteHidden(service.name)
    return false
  }

  // MARK: Instances

  /// Publishes SRV and TXT of the instance below the type of each of its ports.
  func publishServiceInstances(of member: Member) {
    for port in member.ports {
      guard let owner = serviceInstance(member.block, port.claim),
        isBrowsable(owner, member.service), hold(owner, for: member.block)
      else { continue }
      rrsets.add(.srv, ttl: member.block.ttl) { $0.add(member.block, port: port.port) }
      rrsets.add(.txt, ttl: member.block.ttl) { $0.add(member.block) }
      zone.replaceAll(at: owner.wire, with: &rrsets)
    }
  }

  /// Takes away what was published of the instance below the types of these ports.
  func withdrawServiceInstances(_ instance: InstanceBlock, _ ports: some Sequence<NamedPort>) {
    for port in ports {
      guard let owner = serviceInstance(instance, port.claim), release(owner, of: instance),
        !mayHideBrowsing || isFree(owner)
      else { continue }
      zone.replaceAll(at: owner.wire, with: &rrsets)
    }
  }

  /// Takes the name for the instance, unless another instance's that was cut to the same has it: a
  /// hash can be made to meet another's.
  ///
  /// - Returns: whether it is the instance's.
  private func hold(_ owner: DomainName, for instance: InstanceBlock) -> Bool {
    guard names.isCut(instance.name) else { return true }
    if cutNames[owner] == nil { cutNames[owner] = DomainName(uncheckedWire: Array(instance.name)) }
    return isHeld(owner, by: instance)
  }

  /// - Returns: whether it was the instance's.
  private func release(_ owner: DomainName, of instance: InstanceBlock) -> Bool {
    guard names.isCut(instance.name) else { return true }
    guard isHeld(owner, by: instance) else { return false }
    cutNames[owner] = nil
    return true
  }

  /// Whether no other instance has the name.
  func isHeld(_ owner: DomainName, by instance: InstanceBlock) -> Bool {
    cutNames[owner].map { $0 == DomainName(uncheckedWire: Array(instance.name)) } ?? true
  }

  private func serviceInstance(
    _ instance: InstanceBlock, _ port: ServiceClaims.Port
  ) -> DomainName? {
    names.serviceInstance(instance.name, of: names.serviceType(port))
  }

  /// The names of the instance below the types of its ports.
  func serviceInstances(of member: Member) -> [DomainName] {
    member.ports.compactMap { serviceInstance(member.block, $0.claim) }
  }

  // MARK: Zone files

  /// A name by which `service` or an instance of it can be browsed for that static records would
  /// take, and what takes it.
  ///
  /// - Parameters:
  ///   - owners: of the static records.
  ///   - tops: what leaves no room below it.
  func browsedName(
    of service: Service, in owners: Set<DomainName>, below tops: Set<DomainName>,
    isParent: (DomainName) -> Bool
  ) -> (DomainName, holder: DomainName)? {
    for port in service.record.claims.ports {
      let type = names.serviceType(port)
      let top = tops.first(where: type.isEqualOrBelow)
      if isFree(type) {
        if owners.contains(type) { return (type, type) }
        if let top { return (type, top) }
      }
      // Where a file has the type itself, what is below it is answered all the same.
      guard top != nil || isParent(type) else { continue }
      for member in service.members where member.port(port) != nil {
        guard let name = serviceInstance(member.block, port), isFree(name) else { continue }
        if owners.contains(name) { return (name, name) }
        if let top { return (name, top) }
      }
    }
    return nil
  }
}
