// What follows a commit: the state in memory and the published zone become what is on disk.

import DNSWire
import DNSZone

extension Registry {
  /// Applies a committed batch service by service. Between them whatever else is due gets its
  /// turn, so that a large batch does not hold up the ends of leases.
  func apply(_ batch: StoreBatch) async {
    for name in batch.removedServices { await withdraw(name) }
    var worked = 0
    for change in changes(batch) {
      apply(change)
      worked += change.instances.count + change.removed.count
      guard worked >= RegistryLimits.slice else { continue }
      worked = 0
      await Task.yield()
    }
    if let serial = batch.position.serial, serial != zone.serial { zone.setSerial(serial) }
    zone.collect()
  }

  /// What a batch changes of one service.
  private struct ServiceChange {
    let record: ServiceRecord
    var instances: [Instance] = []
    var removed: [InstanceKey] = []
  }

  private func changes(_ batch: StoreBatch) -> [ServiceChange] {
    var changes = batch.services.map { ServiceChange(record: $0) }
    let places = Dictionary(
      uniqueKeysWithValues: changes.enumerated().map { ($0.element.record.name, $0.offset) })
    func place(_ name: ServiceName) -> Int {
      guard let place = places[name] else {
        preconditionFailure("a change of an instance is one of its service")
      }
      return place
    }
    for instance in batch.instances {
      changes[place(instance.key.service)].instances.append(instance)
    }
    for key in batch.removedInstances { changes[place(key.service)].removed.append(key) }
    return changes
  }

  private func apply(_ change: ServiceChange) {
    let name = change.record.name
    // What a change touches is known from what was before and what is after it.
    let before = state.services[name]?.record.claims ?? ServiceClaims()
    let hasOtherSettings = state.services[name]?.record.settings != change.record.settings
    zone.changeClaims(
      of: name, from: state.services[name] == nil ? nil : before, to: change.record.claims)
    // A name that the service has from now on may be another's port, even if nothing that the
    // batch leaves of the service gives it records.
    var touched = ServiceZone.Part(claims: change.record.claims.subtracting(before))
    let service = state.put(change.record)
    let owner = zone.names.service(name).wire
    if hasOtherSettings {
      touched.claims = change.record.claims
      for member in service.members {
        member.block.ttl = zone.ownTTL(isDraining: member.isDraining, service)
      }
    }
    for instance in change.instances {
      if let before = service.member(instance.key.id) {
        touched.claims.insert(before)
        let former = before.ports.filter { !instance.registration.has($0.claim) }
        if !former.isEmpty { touched.formerPorts.append((before.block, former)) }
      }
      touched.claims.insert(instance.registration)
      let block = zone.makeBlock(of: instance, service, owner: owner)
      let (member, before) = state.put(instance, block, in: service, at: clock.wall())
      if let before { touched.replaced.append(before) }
      if areLeasesRunning {
        runDrain(of: member, isRestored: false)
        beginLease(member)
      }
      if !member.isDraining, !drainWaiters.isEmpty { drainWaiters.end(member.key, .registered) }
      touched.members.append(member)
    }
    for key in change.removed {
      guard let member = state.remove(key.id, from: service) else { continue }
      touched.claims.insert(member)
      touched.removed.append(member)
      leaseEnds.cancel(member)
      forgetVerdict(on: member)
    }
    // The others' records have the TTL of before.
    if hasOtherSettings { touched.members = service.members }
    publish(touched, of: service)
    endDrains(of: touched.removed)
    scheduleForgetting(service)
    if !before.transports.isSubset(of: change.record.claims.transports) { publishPort(above: name) }
  }

  /// Takes a service out of all answers and then out of memory, its instances slice by slice.
  private func withdraw(_ name: ServiceName) async {
    guard let service = state.services[name] else { return }
    if !service.members.isEmpty {
      service.leave()
      publish(ServiceZone.Part(claims: service.record.claims), of: service)
      var removed = state.removeLast(RegistryLimits.slice, from: service)
      while !removed.isEmpty {
        for member in removed {
          leaseEnds.cancel(member)
          forgetVerdict(on: member)
        }
        zone.remove(removed)
        endDrains(of: removed)
        await Task.yield()
        removed = state.removeLast(RegistryLimits.slice, from: service)
      }
    }
    state.remove(name)
    zone.changeClaims(of: name, from: service.record.claims, to: nil)
    publishPort(above: name)
  }

  /// Publishes a port of the service above that may have had to give way to this one's name.
  private func publishPort(above name: ServiceName) {
    guard let (above, label) = name.above, let parent = state.services[above] else { return }
    let ports = parent.record.claims.ports.filter { $0.name == label }
    publish(ServiceZone.Part(claims: ServiceClaims(ports: ports)), of: parent)
  }

  // MARK: Publishing

  /// Publishes that part of a service as it is now.
  func publish(_ part: ServiceZone.Part, of service: Service) {
    zone.publish(part, of: service) { state.child($0, of: service.name) }
  }

  /// All of a service.
  func whole(_ service: Service) -> ServiceZone.Part {
    ServiceZone.Part(members: service.members, claims: service.record.claims)
  }

  /// Some instances of a service with the names that they share with others.
  func part(_ members: [Member]) -> ServiceZone.Part {
    members.reduce(into: ServiceZone.Part(members: members)) {
      $0.claims.insert($1)
    }
  }
}
