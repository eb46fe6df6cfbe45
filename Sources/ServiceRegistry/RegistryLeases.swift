// Leases: when they begin, when they end, and what follows.

import DNSZone
import DequeModule
import Dispatch

extension Registry {
  /// Lets all leases run their full length from now on. To be called when the API listens, so
  /// that instances can renew.
  package func startLeases() {
    areLeasesRunning = true
    for service in state.services.values {
      for member in service.members {
        runDrain(of: member, isRestored: true)
        beginLease(member)
      }
      scheduleForgetting(service)
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

  /// Does what is due now.
  package func tick() {
    endLeases()
    sayHolds()
    tellHolds()
    keepUp()
    if storeHealth.takeProbe(at: clock.boot()) { enqueueProbe() }
    zone.collect()
  }

  // MARK: Ends of leases

  /// Lets the registry know what DNS answers know by themselves: whose lease has ended.
  private func endLeases() {
    let now = clock.boot()
    while let member = leaseEnds.next(at: now) {
      guard expire(member, at: now) else { continue }
      if member.service.ended.isEmpty { endedServices.append(member.service) }
      member.service.noteEnd(of: member)
    }
  }

  /// Takes expired instances out of the zone; their removal is then committed like any other
  /// change.
  private func clear(_ service: Service) {
    let ended = service.takeEnded()
    guard !ended.isEmpty else { return }
    publish(part(ended), of: service)
    endDrains(of: ended)
    for member in ended { enqueue(.expire(member.key)) }
  }

  /// Marks the instance as expired if its lease has ended, or looks again when it will.
  private func expire(_ member: Member, at now: BootTime) -> Bool {
    guard !member.service.isLeaving else { return false }
    guard !member.isExpired else {
      // Its removal could not be committed when it expired.
      enqueue(.expire(member.key))
      return false
    }
    judge(member, at: now)
    guard member.leaseEnd <= now else {
      scheduleLook(at: member)
      return false
    }
    noteExpiry(of: member, at: now)
    member.isExpired = true
    expirations += 1
    return true
  }

  func beginLease(_ member: Member) {
    forgetVerdict(on: member)
    member.restartLease(at: clock.boot(), wall: clock.wall())
    scheduleLook(at: member)
  }

  /// Begins the instance's lease anew, in memory.
  func restartLease(_ member: Member) {
    renewals += 1
    let wasExpired = member.isExpired
    beginLease(member)
    // A drain whose time has come can't be renewed.
    guard wasExpired, member.leaseEnd > clock.boot() else { return }
    member.isExpired = false
    publish(part([member]), of: member.service)
  }

  // MARK: Upkeep

  /// Nanoseconds of a tick that go to what can wait; the rest is for callers.
  private static var upkeepLimit: BootTime { 8_000_000 }

  private func keepUp() {
    let now = clock.boot()
    while clock.boot() - now < Self.upkeepLimit, let service = endedServices.popFirst() {
      clear(service)
    }
    while clock.boot() - now < Self.upkeepLimit, let name = emptyServices.next(at: now) {
      // The service has perhaps been empty for long enough.
      guard let end = state.services[name]?.emptyUntil else { continue }
      if end <= now { enqueue(.forget(name)) } else { emptyServices.schedule(name, at: end) }
    }
  }

  func scheduleForgetting(_ service: Service) {
    guard areLeasesRunning else { return }
    service.emptyUntil = service.record.forgettableSince.map { since in
      let passed = max(0, clock.wall() - since)
      let left = max(0, Int64(settings.emptyServiceSeconds) * 1_000 - passed)
      return clock.boot() + left * 1_000_000
    }
    if let end = service.emptyUntil { emptyServices.schedule(service.name, at: end) }
  }

  /// Tries again in a second what nobody waits for and the store did not take.
  func retryLater(_ commands: [Command]) {
    let later = clock.boot() + 1_000_000_000
    for command in commands {
      switch command {
      case .expire(let key):
        if let member = state.member(key) { leaseEnds.schedule(member, at: later) }
      case .forget(let name): emptyServices.schedule(name, at: later)
      case .register, .deregister, .changeStatus, .drain, .on, .configure, .remove: break
      }
    }
  }
}
