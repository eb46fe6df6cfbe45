// What retries may cost, and how long they wait.

/// When calls are tried again.
public struct RetrySettings: Hashable, Sendable {
  /// Retries in the last ten seconds, as a share of the calls of a service.
  public var budgetShare = 0.2
  /// Retries a second that are allowed beyond the share, so that a rare call can be retried.
  public var budgetMinimumPerSecond = 3.0
  /// Before the first retry; it doubles with each one and varies by half.
  public var firstPause = Duration.milliseconds(25)
  /// What pauses grow to.
  public var longestPause = Duration.seconds(1)

  /// Makes the default settings.
  public init() {}

  func check() throws(MeshError) {
    try MeshError.check(
      (0...10).contains(budgetShare), "retry.budgetShare must be 0 to 10, 0.2 is a fifth")
    try MeshError.check(
      (0...1_000_000).contains(budgetMinimumPerSecond),
      "retry.budgetMinimumPerSecond must be 0 to 1,000,000")
    try MeshError.check(
      firstPause >= .zero && firstPause <= longestPause,
      "retry.firstPause must be at least 0 and at most retry.longestPause")
  }
}
