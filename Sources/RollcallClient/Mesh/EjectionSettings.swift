// When an instance that fails is left alone.

/// When instances that fail get no calls for a while.
public struct EjectionSettings: Hashable, Sendable {
  /// Failures in a row that eject an instance.
  public var consecutiveFailures = 5
  /// Failed tries of the last ten seconds, as a share of all, that eject an instance.
  public var failureShare = 0.5
  /// Tries in the last ten seconds below which the share says nothing.
  public var failureShareMinimum = 20
  /// How many of a service's instances may be ejected at a time, as a share, rounded down.
  public var mostEjected = 0.5
  /// How long the first ejection lasts; it doubles with each one that follows.
  public var firstPeriod = Duration.seconds(2)
  /// What ejections grow to, and what an instance gets at most that asks for time (`Retry-After`).
  /// An instance that has served as long begins anew.
  public var longestPeriod = Duration.seconds(30)

  /// Makes the default settings.
  public init() {}

  func check() throws(MeshError) {
    try MeshError.check(
      consecutiveFailures > 0, "ejection.consecutiveFailures must be at least 1")
    try MeshError.check(
      failureShare > 0 && failureShare <= 1,
      "ejection.failureShare must be more than 0 and at most 1")
    try MeshError.check(
      failureShareMinimum > 0, "ejection.failureShareMinimum must be at least 1")
    try MeshError.check(
      (0...1).contains(mostEjected), "ejection.mostEjected must be 0 to 1; 0 ejects none")
    try MeshError.check(
      firstPeriod > .zero && firstPeriod <= longestPeriod,
      "ejection.firstPeriod must be more than 0 and at most ejection.longestPeriod")
  }
}
