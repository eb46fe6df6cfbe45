// Leases: when they begin, when they end, and what is done about TTLs meanwhile.

import DNSZone
import Dispatch

extension Registry {
  /// Lets all leases run their full length from now on. To be called when the API listens, so
  /// that instances can renew.
  package func startLeases() {
    areLeasesRunning = true
    for (name, service) in state.services {
      for id in service.members.keys { beginLease(InstanceKey(service: name, id: id)) }
      guard let service = state.services[name] else { continue }
      publishLeaseEnds(whole(service), of: service)
      scheduleForgetting(service.record)
    }
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

  /// Does what is due now: first what must be, the ends of leases, then what can wait a little.
  package func tick() {
    endLeases()
    keepUp()
    zone.collect()
  }

  // MARK: Ends of leases

  /// Takes instances whose lease has ended out of the answers; their removal is then committed
  /// like any other change.
  private func endLeases() {
    let now = clock.boot()
    var expired: [ServiceName: Set<Label>] = [:]
    while let key = leaseEnds.next(at: now) {
      if expire(key, at: now) { expired[key.service, default: []].insert(key.id) }
    }
    for (name, ids) in expired {
      publish(part(ids, of: name), of: name)
      for id in ids { enqueue(.expire(InstanceKey(service: name, id: id))) }
    }
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
      leaseEnds.schedule(key, at: member.leaseEnd)
      return false
    }
    state.setExpired(key, true)
    return true
  }

  func beginLease(_ key: InstanceKey) {
    let end = state.restartLease(key, at: clock.boot(), wall: clock.wall())
    leaseEnds.schedule(key, at: end)
  }

  /// Begins the instance's lease anew, in memory.
  func restartLease(_ key: InstanceKey) {
    guard let member = state.member(key) else { return }
    beginLease(key)
    if member.isExpired {
      state.setExpired(key, false)
      publish(part([key.id], of: key.service), of: key.service)
    } else if member.leaseEnd != RRset.noLease,
      member.leaseEnd - clock.boot() <= zone.ttlHorizon,
      let service = state.services[key.service]
    {
      // The old end bounded TTLs; elsewhere the published end is too early, but not yet seen.
      publishLeaseEnds(part([key.id], of: key.service), of: service)
    }
  }

  // MARK: Upkeep

  /// What is done when there is time.
  enum Upkeep: Hashable {
    /// The service's lease ends have to be published anew: one may soon bound TTLs.
    case ttl(ServiceName)
    /// The service has perhaps been empty for long enough.
    case emptyService(ServiceName)
  }

  /// Nanoseconds of a tick that go to what can wait: the ends of leases must not.
  private static var upkeepLimit: BootTime { 8_000_000 }

  private func keepUp() {
    let now = clock.boot()
    while clock.boot() - now < Self.upkeepLimit, let subject = upkeep.next(at: now) {
      switch subject {
      case .ttl(let name):
        if let service = state.services[name] { publishLeaseEnds(whole(service), of: service) }
      case .emptyService(let name):
        guard let end = state.services[name]?.emptyUntil else { break }
        if end <= now { enqueue(.forget(name)) } else { upkeep.schedule(subject, at: end) }
      }
    }
  }

  func publishLeaseEnds(_ part: ServiceZone.Part, of service: Service) {
    zone.publishLeaseEnds(part, of: service) { state.services[$0] }
    scheduleTTLs(part, of: service)
  }

  /// Makes sure that the service's lease ends are published anew before they bound TTLs, in case
  /// they have moved. An end that bounds them already is kept up to date by its renewals.
  func scheduleTTLs(_ part: ServiceZone.Part, of service: Service) {
    let soonest = clock.boot() + zone.ttlHorizon
    let end = part.ids.lazy.compactMap { service.members[$0] }
      .filter { !$0.isExpired && $0.leaseEnd != RRset.noLease && $0.leaseEnd > soonest }
      .map(\.leaseEnd).min()
    if let end { upkeep.schedule(.ttl(service.record.name), at: end - zone.ttlHorizon) }
  }

  func scheduleForgetting(_ record: ServiceRecord) {
    guard areLeasesRunning else { return }
    let end = record.emptySince.map { since in
      let passed = max(0, clock.wall() - since)
      let left = max(0, RegistryLimits.emptyServiceSeconds * 1_000 - passed)
      return clock.boot() + left * 1_000_000
    }
    state.setEmptyUntil(end, record.name)
    if let end { upkeep.schedule(.emptyService(record.name), at: end) }
  }

  /// Tries again in a second what nobody waits for and the store did not take.
  func retryLater(_ commands: [Command]) {
    let later = clock.boot() + 1_000_000_000
    for command in commands {
      switch command {
      case .expire(let key): leaseEnds.schedule(key, at: later)
      case .forget(let name): upkeep.schedule(.emptyService(name), at: later)
      case .register, .deregister, .changeStatus: break
      }
    }
  }
}
