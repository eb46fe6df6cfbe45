// Why a call through the mesh failed.

/// What went wrong with a call: one line for people, and a reason that a program can act on.
public struct MeshError: Error, CustomStringConvertible {
  /// The kinds of failures. Later versions may add some.
  public struct Reason: Hashable, Sendable, CustomStringConvertible {
    /// A few words.
    public let description: String

    /// A setting or an argument can't be right; nothing was sent.
    public static let invalid = Reason(description: "invalid")
    /// The directory could not say who serves the service, or knows no such service; what it threw
    /// is ``MeshError/underlying``.
    public static let discovery = Reason(description: "discovery failed")
    /// The service has no instance.
    public static let noInstance = Reason(description: "no instance")
    /// The request may have been carried out, and may not be repeated.
    public static let notRepeatable = Reason(
      description: "it may have been carried out, and may not be repeated")
    /// As many tries as allowed have failed.
    public static let triesUsedUp = Reason(description: "no more are allowed")
    /// The overall deadline is over, or would be before another try.
    public static let deadline = Reason(description: "the deadline leaves no time for another")
    /// Another try would be more than the retry budget allows.
    public static let budgetSpent = Reason(description: "the retry budget is spent")
    /// The body of a response is longer than the configuration allows.
    public static let bodyTooLong = Reason(description: "the body is too long")
    /// The task that made the call was cancelled.
    public static let cancelled = Reason(description: "cancelled")
  }

  /// What kind of failure it is.
  public let reason: Reason
  /// One line that says what is wrong.
  public let description: String
  /// How many tries were made.
  public let tries: Int
  /// What the last try threw.
  public let underlying: (any Error)?

  package init(
    _ reason: Reason, _ description: String, tries: Int = 0, underlying: (any Error)? = nil
  ) {
    self.reason = reason
    self.description = description
    self.tries = tries
    self.underlying = underlying
  }

  package static func check(_ isRight: Bool, _ description: String) throws(MeshError) {
    guard isRight else { throw MeshError(.invalid, description) }
  }
}
