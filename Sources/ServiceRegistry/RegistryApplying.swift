// What follows a commit: the state in memory and the published zone become what is on disk.

import DNSZone

extension Registry {
  func apply(_ batch: StoreBatch) {
    // What a change touches is known from what was before and what is after it.
    var touched: [ServiceName: ServiceZone.Part] = [:]
    for key in batch.keys { note(key, in: &touched) }

    for name in batch.removedServices { forget(name) }
    for record in batch.services {
      zone.changeClaims(
        of: record.name, from: state.services[record.name]?.record.claims, to: record.claims)
      state.put(record)
    }
    for instance in batch.instances { put(instance) }
    for key in batch.removedInstances {
      state.remove(key)
      leaseEnds.cancel(key)
    }
    for instance in batch.instances { note(instance.key, in: &touched) }

    for (name, part) in touched { publish(part, of: name) }
    for record in batch.services { scheduleForgetting(record) }
    if let serial = batch.position.serial, serial != zone.serial { zone.setSerial(serial) }
    zone.collect()
  }

  private func note(_ key: InstanceKey, in touched: inout [ServiceName: ServiceZone.Part]) {
    touched[key.service, default: .init()].ids.insert(key.id)
    guard let member = state.member(key) else { return }
    touched[key.service]?.claims.formUnion(ServiceClaims(member.instance.registration))
  }

  private func put(_ instance: Instance) {
    state.put(
      Service.Member(instance: instance, leaseEnd: RRset.noLease, renewedAt: clock.wall()))
    if areLeasesRunning { beginLease(instance.key) }
  }

  private func forget(_ name: ServiceName) {
    guard let service = state.services[name] else { return }
    state.remove(name)
    zone.changeClaims(of: name, from: service.record.claims, to: nil)
    // A port of the service above may have had to give way to this one's name.
    guard let (above, label) = name.above, let parent = state.services[above] else { return }
    let ports = parent.record.claims.ports.filter { $0.name == label }
    publish(ServiceZone.Part(claims: ServiceClaims(ports: ports)), of: above)
  }

  // MARK: Publishing

  /// Publishes that part of a service as it is now.
  func publish(_ part: ServiceZone.Part, of name: ServiceName) {
    guard let service = state.services[name] else { return }
    zone.publish(part, of: service) { state.services[$0] }
    scheduleTTLs(part, of: service)
  }

  /// All of a service.
  func whole(_ service: Service) -> ServiceZone.Part {
    ServiceZone.Part(ids: Set(service.members.keys), claims: service.record.claims)
  }

  /// Some instances of a service with the names that they share with others.
  func part(_ ids: Set<Label>, of name: ServiceName) -> ServiceZone.Part {
    ids.reduce(into: ServiceZone.Part(ids: ids)) { part, id in
      if let member = state.member(InstanceKey(service: name, id: id)) {
        part.claims.formUnion(ServiceClaims(member.instance.registration))
      }
    }
  }
}
