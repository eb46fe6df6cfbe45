// Whether, and when, a call that failed is tried again.

/// What comes after a try that failed.
package enum RetryDecision: Equatable, Sendable {
  /// Another try after this pause.
  case retry(after: Duration)
  /// What the last try brought is what the caller gets.
  case end(MeshError.Reason)

  /// What is known of the call when a try has failed.
  package struct Circumstances: Sendable {
    package var failure: TryFailure
    /// Whether the request may be carried out twice.
    package var isRepeatable: Bool
    /// Tries so far, at least one.
    package var tries: Int
    /// Since the beginning of the call.
    package var elapsed: Duration
    /// Whether there is an instance that was not tried in this call and may be.
    package var hasOther: Bool

    package init(
      failure: TryFailure, isRepeatable: Bool, tries: Int, elapsed: Duration, hasOther: Bool
    ) {
      self.failure = failure
      self.isRepeatable = isRepeatable
      self.tries = tries
      self.elapsed = elapsed
      self.hasOther = hasOther
    }
  }

  /// Spends from the budget only where everything else allows a retry.
  ///
  /// - Parameter random: from 0 to 1, for the jitter.
  package static func after(
    _ call: Circumstances, limits: CallLimits, settings: RetrySettings,
    budget: inout RetryBudget, at now: Duration, random: Double
  ) -> RetryDecision {
    // RFC 9110 section 9.2.2: a request that is not idempotent is repeated only if it is known
    // that the first one was not applied.
    guard call.isRepeatable || call.failure.kind == .notSent else { return .end(.notRepeatable) }
    guard call.tries < limits.tries else { return .end(.triesUsedUp) }
    let pause = pause(after: call, settings, random)
    guard call.elapsed + pause < limits.deadline else { return .end(.deadline) }
    guard budget.spend(at: now) else { return .end(.budgetSpent) }
    return .retry(after: pause)
  }

  /// Doubles, and varies by half so that many callers don't come back together. An instance that
  /// asked for time (RFC 9110 section 10.2.3) makes the call wait only if there is no other one.
  private static func pause(
    after call: Circumstances, _ settings: RetrySettings, _ random: Double
  ) -> Duration {
    let doubled = settings.firstPause * (1 << min(call.tries - 1, 20))
    let pause = min(doubled, settings.longestPause) * (0.5 + random / 2)
    guard !call.hasOther, let asked = call.failure.retryAfter else { return pause }
    return max(pause, asked)
  }
}
