// How many retries the calls of a service may cost.

/// Lets retries be a share of the calls of the last ten seconds, so that a service that fails as a
/// whole is not sent a multiple of its load.
package struct RetryBudget: Sendable {
  private let settings: RetrySettings
  /// First: calls; second: retries.
  private var counts = SlidingCounts()

  package init(_ settings: RetrySettings) {
    self.settings = settings
  }

  package mutating func countCall(at now: Duration) {
    counts.add(first: 1, at: now)
  }

  /// Takes one retry out of the budget.
  ///
  /// - Returns: whether there was one left.
  package mutating func spend(at now: Duration) -> Bool {
    counts.advance(to: now)
    let ofCalls = settings.budgetShare * Double(counts.sum.first)
    let minimum = settings.budgetMinimumPerSecond * Double(SlidingCounts.seconds)
    guard Double(counts.sum.second + 1) <= ofCalls + minimum else { return false }
    counts.add(second: 1, at: now)
    return true
  }
}
