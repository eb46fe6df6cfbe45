// Whether one instance may be used, by how its tries ended.

/// Ejects after failures in a row or a high share of them, for a time that doubles with each
/// ejection, and lets the instance back when a single call succeeded.
package struct EndpointHealth: Sendable {
  package enum State: Equatable, Sendable {
    case inUse
    case ejected(since: Duration, until: Duration)
    /// One call is under way that decides about its return.
    case onTrial
  }

  private(set) package var state = State.inUse
  private var failuresInARow = 0
  /// First: tries that succeeded; second: tries that failed.
  private var counts = SlidingCounts()
  private var ejections = 0
  private var inUseSince = Duration.zero
  /// Until when the instance itself asked to be left alone.
  private var restsUntil = Duration.zero

  package init() {}

  /// - Returns: whether it is to be ejected.
  package mutating func record(
    success: Bool, at now: Duration, _ settings: EjectionSettings
  ) -> Bool {
    counts.add(first: success ? 1 : 0, second: success ? 0 : 1, at: now)
    failuresInARow = success ? 0 : failuresInARow + 1
    let tries = counts.sum.first + counts.sum.second
    return failuresInARow >= settings.consecutiveFailures
      || !success && tries >= settings.failureShareMinimum
        && Double(counts.sum.second) >= settings.failureShare * Double(tries)
  }

  /// - Parameter asked: how long the instance wants to be left alone.
  /// - Returns: for how long.
  package mutating func eject(
    asked: Duration?, at now: Duration, _ settings: EjectionSettings
  ) -> Duration {
    if state == .inUse, now - inUseSince >= settings.longestPeriod { ejections = 0 }
    let doubled = settings.firstPeriod * (1 << min(ejections, 20))
    let period = min(max(doubled, asked ?? .zero), settings.longestPeriod)
    ejections += 1
    state = .ejected(since: now, until: now + period)
    restsUntil = now + min(asked ?? .zero, settings.longestPeriod)
    return period
  }

  /// Ejects for a time that the instance itself asked for: no failure of it.
  package mutating func rest(
    _ asked: Duration, at now: Duration, _ settings: EjectionSettings
  ) -> Duration {
    let period = min(asked, settings.longestPeriod)
    state = .ejected(since: now, until: now + period)
    restsUntil = now + period
    return period
  }

  /// Whether its ejection is over, so that a call may try it.
  ///
  /// - Parameter shortened: what the ejection lasts at most, but for the time that the instance
  ///   asked for.
  package func isDue(at now: Duration, shortened: Duration? = nil) -> Bool {
    guard case .ejected(let since, let until) = state else { return false }
    return min(until, shortened.map { max(since + $0, restsUntil) } ?? until) <= now
  }

  package mutating func beginTrial() {
    state = .onTrial
  }

  /// The call that was to decide was given up by its caller, which says nothing.
  package mutating func abandonTrial(at now: Duration) {
    state = .ejected(since: now, until: now)
  }

  package mutating func comeBack(at now: Duration) {
    state = .inUse
    inUseSince = now
    failuresInARow = 0
    counts.clear()
  }
}
