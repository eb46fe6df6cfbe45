// When so many leases of a service end at once that rather something between them and us is broken.

import DNSZone
import DequeModule

/// How much of a service may expire within a time; the rest is held for a while.
package struct BrakeSettings: Sendable {
  /// Percent of a service's instances; nil: all, so there is no brake.
  package var share: Int?
  package var windowSeconds = RegistryLimits.defaultBrakeWindowSeconds
  /// Seconds that an instance is answered at most after its lease's end.
  package var holdSeconds = RegistryLimits.defaultBrakeHoldSeconds
  /// A service with fewer instances is never braked.
  package var minimum = RegistryLimits.defaultBrakeMinimum

  package init() {}
}

/// Counts the expiries of the services that have any, and says when there are enough.
///
/// Pure: times are arguments. It holds an entry for each expiry within the window.
struct ExpiryBrake {
  /// Nanoseconds before a lease's end at which it is asked: some ticks, so that what is held is
  /// not missing from the answers meanwhile.
  static let lead: BootTime = 100_000_000

  private let share: Int
  private let minimum: Int
  private let window: BootTime
  let hold: BootTime
  private var services: [ServiceName: Expiries] = [:]
  private var recent: Deque<(time: BootTime, service: ServiceName)> = []

  private struct Expiries {
    /// The most instances that the service has had since the first of them.
    var population: Int
    /// Within the window.
    var past = 0
    /// Allowed, and not yet come.
    var coming = 0
  }

  /// - Returns: nil where none is wanted.
  init?(_ settings: BrakeSettings) {
    guard let share = settings.share else { return nil }
    self.share = share
    minimum = settings.minimum
    window = BootTime(settings.windowSeconds) * 1_000_000_000
    hold = BootTime(settings.holdSeconds) * 1_000_000_000
  }

  /// Whether one more instance may expire. Allowed, it has to be followed by
  /// ``noteExpiry(of:at:)`` or ``noteRenewal(of:)``. One alone always may.
  ///
  /// - Parameter count: instances that the service has.
  mutating func mayExpire(_ service: ServiceName, of count: Int, at now: BootTime) -> Bool {
    forget(until: now - window)
    var expiries = services[service] ?? Expiries(population: count)
    expiries.population = max(expiries.population, count)
    let next = expiries.past + expiries.coming + 1
    guard
      next == 1 || expiries.population < minimum || next * 100 <= expiries.population * share
    else { return false }
    expiries.coming += 1
    services[service] = expiries
    return true
  }

  /// What was allowed to expire has.
  mutating func noteExpiry(of service: ServiceName, at now: BootTime) {
    services[service]?.coming -= 1
    services[service]?.past += 1
    recent.append((now, service))
  }

  /// What was allowed to expire has not, or is gone otherwise.
  mutating func noteRenewal(of service: ServiceName) {
    services[service]?.coming -= 1
    forgetIfIdle(service)
  }

  private mutating func forget(until time: BootTime) {
    while let first = recent.first, first.time <= time {
      recent.removeFirst()
      services[first.service]?.past -= 1
      forgetIfIdle(first.service)
    }
  }

  private mutating func forgetIfIdle(_ service: ServiceName) {
    guard let expiries = services[service], expiries.past == 0, expiries.coming == 0 else { return }
    services[service] = nil
  }
}
