// How long a call may take, and how often it may be tried.

/// The limits of one call.
public struct CallLimits: Hashable, Sendable {
  /// How many tries a call may be told to make.
  public static let mostTries = 100

  /// How long one try may take, the whole response included. It is then cancelled.
  public var tryTimeout: Duration
  /// How long the call may take in all: finding the instances, every try and the pauses.
  public var deadline: Duration
  /// How often it is tried at most, the first time included.
  public var tries: Int

  /// Makes limits.
  public init(
    tryTimeout: Duration = .seconds(1), deadline: Duration = .seconds(5), tries: Int = 3
  ) {
    self.tryTimeout = tryTimeout
    self.deadline = deadline
    self.tries = tries
  }

  package func check() throws(MeshError) {
    try MeshError.check(tryTimeout > .zero, "tryTimeout must be more than 0")
    try MeshError.check(deadline > .zero, "deadline must be more than 0")
    try MeshError.check(
      (1...Self.mostTries).contains(tries), "tries must be 1 to \(Self.mostTries)")
  }
}
