// When a call that failed is made again.

/// Waits double, and vary so that many clients don't come back together.
package struct RetrySchedule: Sendable {
  static let first = Duration.milliseconds(200)
  static let longest = Duration.seconds(2)

  package static let endless = RetrySchedule(budget: .seconds(1 << 40))

  /// From the first try's beginning to the last one's.
  let budget: Duration

  package init(budget: Duration) {
    self.budget = budget
  }

  /// - Parameters:
  ///   - failures: how often it failed, at least once.
  ///   - elapsed: since the first try.
  ///   - asked: how long the server wants to be left alone.
  ///   - random: from 0 to 1.
  /// - Returns: how long to wait before the next try; nil: that was the last.
  package func pause(
    failures: Int, elapsed: Duration, asked: Duration?, random: Double
  ) -> Duration? {
    let doubled = min(Self.first * (1 << min(failures - 1, 10)), Self.longest)
    let pause = max(doubled * (0.75 + random / 4), asked ?? .zero)
    return elapsed + pause <= budget ? pause : nil
  }
}
