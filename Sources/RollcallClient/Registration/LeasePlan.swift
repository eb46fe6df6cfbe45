// What has to be done, and when, so that a lease does not end.

/// Decides alone; who carries it out tells what came of it.
package struct LeasePlan {
  package enum Step: Sendable {
    case register
    case renew
  }

  /// What came of a step.
  package enum Outcome: Sendable {
    case kept
    /// The server does not know the instance (any more).
    case gone
    /// - Parameter asked: how long the server wants to be left alone.
    case failed(asked: Duration? = nil)
  }

  /// Between two renewals of a lease without end, which only find out whether it is still there.
  static let endlessInterval = Duration.seconds(60)
  package static let firstRetry = Duration.milliseconds(500)
  static let longestRetry = Duration.seconds(30)

  /// Between two renewals, if all goes well.
  package let interval: Duration
  package private(set) var step = Step.register
  /// In a row.
  private var failures = 0

  /// - Parameter leaseSeconds: nil for a lease without end.
  package init(leaseSeconds: Int?) {
    interval = leaseSeconds.map { .milliseconds($0 * 1_000 / 3) } ?? Self.endlessInterval
  }

  /// - Parameter random: from 0 to 1.
  /// - Returns: how long to wait before ``step``.
  package mutating func pause(after outcome: Outcome, random: Double) -> Duration {
    switch outcome {
    case .kept:
      step = .renew
      failures = 0
      return interval * (0.9 + random / 5)
    case .gone:
      // Renewals vary, so those that find themselves forgotten together do not come together.
      step = .register
      failures = 0
      return .zero
    case .failed(let asked):
      failures += 1
      let doubled = Self.firstRetry * (1 << min(failures - 1, 10))
      let pause = min(doubled, interval, Self.longestRetry) * (0.5 + random / 2)
      return max(pause, min(asked ?? .zero, interval))
    }
  }
}
