// What follows a commit: the state in memory and the published zone become what is on disk.

import DNSZone

extension Registry {
  func apply(_ batch: StoreBatch) {
    // What a change touches is known from what was before and what is after it.
    var touched: [ServiceName: Touched] = [:]
    for instance in batch.instances { note(instance.key, in: &touched) }
    for key in batch.removedInstances { note(key, in: &touched) }

    for name in batch.removedServices { forget(name) }
    for record in batch.services {
      zone.changeClaims(
        of: record.name, from: state.services[record.name]?.record.claims, to: record.claims)
      state.put(record)
    }
    put(batch.instances)
    for key in batch.removedInstances { state.remove(key) }
    for instance in batch.instances { note(instance.key, in: &touched) }

    for (name, touched) in touched {
      publish(name, instances: touched.ids, claims: touched.claims)
    }
    state.inDoubt.subtract(batch.keys)
    for record in batch.services { scheduleForgetting(record) }
    if let serial = batch.position.serial, serial != zone.serial { zone.setSerial(serial) }
    zone.collect()
  }

  private struct Touched {
    var ids: Set<Label> = []
    var claims = ServiceClaims()
  }

  private func note(_ key: InstanceKey, in touched: inout [ServiceName: Touched]) {
    touched[key.service, default: Touched()].ids.insert(key.id)
    guard let member = state.member(key) else { return }
    touched[key.service, default: Touched()].claims.formUnion(
      ServiceClaims(member.instance.registration))
  }

  private func put(_ instances: [Instance]) {
    let now = clock.boot()
    let wall = clock.wall()
    for instance in instances {
      state.put(
        Service.Member(instance: instance, leaseEnd: RRset.noLease, renewedAt: wall))
      guard areLeasesRunning else { continue }
      let end = state.restartLease(instance.key, at: now, wall: wall)
      due.schedule(.lease(instance.key), at: end)
    }
  }

  private func forget(_ name: ServiceName) {
    guard let service = state.services[name] else { return }
    state.remove(name)
    zone.changeClaims(of: name, from: service.record.claims, to: nil)
    // A port of the service above may have had to give way to this one's name.
    guard let above = name.asInstance.flatMap({ try? ServiceName($0.serviceKey) }),
      let parent = state.services[above]
    else { return }
    let ports = parent.record.claims.ports.filter { $0.name == name.labels[0] }
    publish(above, instances: [], claims: ServiceClaims(ports: ports))
  }

  // MARK: Publishing

  /// Publishes the instances and the shared names in `claims` as they are now.
  func publish(_ name: ServiceName, instances ids: some Sequence<Label>, claims: ServiceClaims) {
    guard let service = state.services[name] else { return }
    let ids = Array(ids)
    zone.publish(service, instances: ids, claims: claims) { port in
      guard let other = name.below(port.name), let holder = state.services[other] else {
        return false
      }
      return holder.record.claims.transports.contains(port.transport)
    }
    let now = clock.boot()
    for id in ids {
      if let member = service.members[id], !member.isExpired {
        scheduleTTL(name, before: member.leaseEnd, now: now)
      }
    }
  }

  /// Publishes all of a service, so that every TTL is bounded by what the lease ends are now.
  func publishAll(_ name: ServiceName) {
    guard let service = state.services[name] else { return }
    publish(name, instances: service.members.keys, claims: service.record.claims)
  }

  /// The names that some instances of a service share with others.
  func claims(of name: ServiceName, _ ids: [Label]) -> ServiceClaims {
    ids.reduce(into: ServiceClaims()) { claims, id in
      if let member = state.member(InstanceKey(service: name, id: id)) {
        claims.formUnion(ServiceClaims(member.instance.registration))
      }
    }
  }
}
