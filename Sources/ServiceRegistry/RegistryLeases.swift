// Leases: when they begin, when they end, and what is done about TTLs meanwhile.

import DNSZone
import Dispatch

extension Registry {
  /// Lets all leases run their full length from now on. To be called when the API listens, so
  /// that instances can renew.
  package func startLeases() {
    areLeasesRunning = true
    let now = clock.boot()
    let wall = clock.wall()
    for (name, service) in state.services {
      for id in service.members.keys {
        let key = InstanceKey(service: name, id: id)
        due.schedule(.lease(key), at: state.restartLease(key, at: now, wall: wall))
      }
      publishAll(name)
      scheduleForgetting(service.record)
    }
    zone.collect()
  }

  /// Looks every 20 ms for what is due.
  package func startTimer() {
    let timer = DispatchSource.makeTimerSource(queue: executor.queue)
    timer.schedule(deadline: .now(), repeating: .milliseconds(20), leeway: .milliseconds(1))
    timer.setEventHandler { [weak self] in
      self?.assumeIsolated { $0.tick() }
    }
    timer.activate()
    self.timer = timer
  }

  /// Stops looking; commands are still carried out.
  package func stopTimer() {
    timer?.cancel()
    timer = nil
  }

  /// Does what is due now. Instances whose lease has ended leave the answers here; their removal
  /// is then committed like any other change.
  package func tick() {
    let now = clock.boot()
    var expired: [ServiceName: [Label]] = [:]
    while let subject = due.next(at: now) {
      switch subject {
      case .lease(let key):
        if expire(key, at: now) { expired[key.service, default: []].append(key.id) }
      case .ttl(let name):
        publishAll(name)
      case .emptyService(let name):
        if state.services[name]?.members.isEmpty == true { enqueue(.forget(name)) }
      }
    }
    for (name, ids) in expired {
      publish(name, instances: ids, claims: claims(of: name, ids))
      for id in ids { enqueue(.expire(InstanceKey(service: name, id: id))) }
    }
    zone.collect()
  }

  /// Marks the instance as expired if its lease has ended, or looks again when it will.
  private func expire(_ key: InstanceKey, at now: BootTime) -> Bool {
    guard let member = state.member(key) else { return false }
    guard !member.isExpired else {
      // Its removal could not be committed when it expired.
      enqueue(.expire(key))
      return false
    }
    guard member.leaseEnd <= now else {
      due.schedule(.lease(key), at: member.leaseEnd)
      return false
    }
    state.setExpired(key, true)
    return true
  }

  /// Begins the instance's lease anew, in memory.
  func restartLease(_ key: InstanceKey) {
    guard let member = state.member(key) else { return }
    let now = clock.boot()
    let end = state.restartLease(key, at: now, wall: clock.wall())
    due.schedule(.lease(key), at: end)
    if member.isExpired {
      state.setExpired(key, false)
      publish(key.service, instances: [key.id], claims: claims(of: key.service, [key.id]))
    } else if member.leaseEnd != RRset.noLease, member.leaseEnd - now <= zone.ttlHorizon {
      // The old end bounded TTLs; elsewhere the published end is too early, but not yet seen.
      publishAll(key.service)
    }
    zone.collect()
  }

  /// Makes sure that TTLs are computed anew before `end` bounds them, in case it has moved.
  func scheduleTTL(_ service: ServiceName, before end: BootTime, now: BootTime) {
    guard end != RRset.noLease, end - zone.ttlHorizon > now else { return }
    due.schedule(.ttl(service), at: end - zone.ttlHorizon)
  }

  func scheduleForgetting(_ record: ServiceRecord) {
    guard areLeasesRunning, let since = record.emptySince else { return }
    let passed = max(0, clock.wall() - since)
    let left = max(0, RegistryLimits.emptyServiceSeconds * 1_000 - passed)
    due.schedule(.emptyService(record.name), at: clock.boot() + left * 1_000_000)
  }

  /// Tries again in a second what nobody waits for and the store did not take.
  func retryLater(_ commands: [Command]) {
    let later = clock.boot() + 1_000_000_000
    for command in commands {
      switch command {
      case .expire(let key): due.schedule(.lease(key), at: later)
      case .forget(let name): due.schedule(.emptyService(name), at: later)
      case .register, .deregister, .changeStatus: break
      }
    }
  }
}
