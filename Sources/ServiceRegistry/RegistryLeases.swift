// Leases: when they begin, when they end, and what is done about TTLs meanwhile.

import DNSZone
import Dispatch

extension Registry {
  /// Lets all leases run their full length from now on. To be called when the API listens, so
  /// that instances can renew.
  package func startLeases() {
    areLeasesRunning = true
    for service in state.services.values {
      for member in service.members { beginLease(member) }
      // Ends that are far off bound no TTL yet, and are published before they do.
      let bounding = bounding(service.members)
      if !bounding.members.isEmpty { publishLeaseEnds(bounding, of: service) }
      scheduleTTLs(ServiceZone.Part(members: service.members), of: service)
      scheduleForgetting(service)
    }
  }

  /// Those of `members` whose lease ends may bound TTLs now.
  private func bounding(_ members: [Member]) -> ServiceZone.Part {
    let soonest = clock.boot() + zone.ttlHorizon
    return part(members.filter { $0.leaseEnd <= soonest })
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
    var expired: [ServiceName: [Member]] = [:]
    while let member = leaseEnds.next(at: now) {
      if expire(member, at: now) {
        expired[member.instance.key.service, default: []].append(member)
      }
    }
    for (name, members) in expired {
      if let service = state.services[name] { publish(part(members), of: service) }
      for member in members { enqueue(.expire(member.instance.key)) }
    }
  }

  /// Marks the instance as expired if its lease has ended, or looks again when it will.
  private func expire(_ member: Member, at now: BootTime) -> Bool {
    guard !member.isExpired else {
      // Its removal could not be committed when it expired.
      enqueue(.expire(member.instance.key))
      return false
    }
    guard member.leaseEnd <= now else {
      leaseEnds.schedule(member, at: member.leaseEnd)
      return false
    }
    member.isExpired = true
    return true
  }

  func beginLease(_ member: Member) {
    member.restartLease(at: clock.boot(), wall: clock.wall())
    leaseEnds.schedule(member, at: member.leaseEnd)
  }

  /// Begins the instance's lease anew, in memory.
  func restartLease(_ member: Member) {
    let now = clock.boot()
    let end = member.leaseEnd
    let wasExpired = member.isExpired
    member.restartLease(at: now, wall: clock.wall())
    leaseEnds.schedule(member, at: member.leaseEnd)
    guard wasExpired || end != RRset.noLease && end - now <= zone.ttlHorizon,
      let service = state.services[member.instance.key.service]
    else { return }
    if wasExpired {
      member.isExpired = false
      publish(part([member]), of: service)
    } else {
      // The old end bounded TTLs; elsewhere the published end is too early, but not yet seen.
      publishLeaseEnds(part([member]), of: service)
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
    zone.publishLeaseEnds(part, of: service) { state.child($0, of: service.name) }
    scheduleTTLs(part, of: service)
  }

  /// Makes sure that the service's lease ends are published anew before they bound TTLs, in case
  /// they have moved. An end that bounds them already is kept up to date by its renewals.
  func scheduleTTLs(_ part: ServiceZone.Part, of service: Service) {
    let soonest = clock.boot() + zone.ttlHorizon
    var end = RRset.noLease
    for member in part.members where !member.isExpired && member.leaseEnd > soonest {
      end = min(end, member.leaseEnd)
    }
    guard end != RRset.noLease else { return }
    upkeep.schedule(.ttl(service.name), at: end - zone.ttlHorizon)
  }

  func scheduleForgetting(_ service: Service) {
    guard areLeasesRunning else { return }
    service.emptyUntil = service.record.emptySince.map { since in
      let passed = max(0, clock.wall() - since)
      let left = max(0, RegistryLimits.emptyServiceSeconds * 1_000 - passed)
      return clock.boot() + left * 1_000_000
    }
    if let end = service.emptyUntil { upkeep.schedule(.emptyService(service.name), at: end) }
  }

  /// Tries again in a second what nobody waits for and the store did not take.
  func retryLater(_ commands: [Command]) {
    let later = clock.boot() + 1_000_000_000
    for command in commands {
      switch command {
      case .expire(let key):
        if let member = state.member(key) { leaseEnds.schedule(member, at: later) }
      case .forget(let name): upkeep.schedule(.emptyService(name), at: later)
      case .register, .deregister, .changeStatus: break
      }
    }
  }
}
