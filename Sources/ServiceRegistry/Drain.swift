// The time that an instance stays after it was taken out of every set.

import DNSZone

/// Until when an instance that drains keeps its own name, for clients that hold an SRV record.
struct Drain: Equatable {
  /// As it is told and stored.
  var safeAt: WallTime
  /// The same by the time that leases run by, which no step of the wall clock moves;
  /// `BootTime.never` before leases run.
  var end = BootTime.never

  /// Milliseconds after which an answer that may be kept for `ttl` seconds is gone everywhere.
  static func length(ttl: UInt32) -> WallTime { WallTime(ttl) * 1_000 + 1_000 }

  /// Begins, or after a restart goes on, by boot time.
  ///
  /// - Parameter ttl: the most seconds that an answer with the instance may be kept.
  mutating func run(at now: BootTime, wall: WallTime, ttl: UInt32, isRestored: Bool) {
    // Sets had the instance until its drain was committed, and that may have taken long.
    if !isRestored, safeAt < wall + WallTime(ttl) * 1_000 {
      safeAt = wall + Self.length(ttl: ttl)
    }
    // A wall clock that was set back meanwhile makes it no longer.
    let left = min(max(0, safeAt - wall), Self.length(ttl: ttl))
    end = now + left * 1_000_000
  }
}

/// What became of a drain.
package enum DrainEnd: Sendable {
  /// The instance is in no answer any more.
  case removed
  /// It was registered anew, and stays.
  case registered
  /// Whoever waited waits no longer.
  case abandoned
}

/// Those who wait for the ends of drains.
struct DrainWaiters {
  typealias Waiter = CheckedContinuation<DrainEnd, Never>

  private var waiters: [InstanceKey: [UInt64: Waiter]] = [:]

  var isEmpty: Bool { waiters.isEmpty }

  mutating func add(_ waiter: Waiter, number: UInt64, for key: InstanceKey) {
    waiters[key, default: [:]][number] = waiter
  }

  mutating func end(_ key: InstanceKey, _ end: DrainEnd) {
    guard let ended = waiters.removeValue(forKey: key) else { return }
    for waiter in ended.values { waiter.resume(returning: end) }
  }

  mutating func abandon(_ number: UInt64, for key: InstanceKey) {
    waiters[key]?.removeValue(forKey: number)?.resume(returning: .abandoned)
    if waiters[key]?.isEmpty ?? false { waiters[key] = nil }
  }
}
