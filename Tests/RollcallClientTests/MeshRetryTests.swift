// Whether a call that failed is tried again, and when.

import RollcallClient
import Testing

@Suite("The retries of a mesh")
struct MeshRetryTests {
  private static func decide(
    _ failure: TryFailure = TryFailure(.timedOut), isRepeatable: Bool = true, tries: Int = 1,
    elapsed: Duration = .zero, hasOther: Bool = true, random: Double = 1,
    _ change: (inout RetrySettings) -> Void = { _ in }
  ) -> RetryDecision {
    var settings = RetrySettings()
    change(&settings)
    var budget = RetryBudget(settings)
    return .after(
      RetryDecision.Circumstances(
        failure: failure, isRepeatable: isRepeatable, tries: tries, elapsed: elapsed,
        hasOther: hasOther),
      limits: CallLimits(deadline: .seconds(2), tries: 6), settings: settings,
      budget: &budget, at: .zero, random: random)
  }

  @Test(
    "What may have been carried out is repeated only where it may be",
    arguments: [TryFailure.Kind.timedOut, .lost, .unavailable])
  func repeatable(kind: TryFailure.Kind) {
    #expect(Self.decide(TryFailure(kind), isRepeatable: false) == .end(.notRepeatable))
    #expect(Self.decide(TryFailure(kind)) == .retry(after: .milliseconds(25)))
  }

  @Test("What was surely not sent is tried again in any case")
  func notSent() {
    #expect(
      Self.decide(TryFailure(.notSent), isRepeatable: false)
        == .retry(after: .milliseconds(25)))
  }

  @Test("The last try that is allowed is the last")
  func tries() {
    #expect(Self.decide(tries: 5) == .retry(after: .milliseconds(400)))
    #expect(Self.decide(tries: 6) == .end(.triesUsedUp))
  }

  @Test("Pauses double up to the longest, and vary by half")
  func pauses() {
    let pauses = (1...5).map { tries in
      Self.decide(tries: tries) { $0.longestPause = .milliseconds(150) }
    }
    #expect(pauses == [25, 50, 100, 150, 150].map { .retry(after: .milliseconds($0)) })
    #expect(Self.decide(tries: 2, random: 0) == .retry(after: .milliseconds(25)))
  }

  @Test("No try begins after the deadline")
  func deadline() {
    #expect(Self.decide(elapsed: .milliseconds(1_974)) == .retry(after: .milliseconds(25)))
    #expect(Self.decide(elapsed: .milliseconds(1_975)) == .end(.deadline))
  }

  @Test("Who is asked to come later waits only where there is no other instance, and if it may")
  func retryAfter() {
    func decide(_ seconds: Int, hasOther: Bool) -> RetryDecision {
      Self.decide(
        TryFailure(.unavailable, retryAfter: .seconds(seconds)), hasOther: hasOther)
    }
    #expect(decide(1, hasOther: true) == .retry(after: .milliseconds(25)))
    #expect(decide(1, hasOther: false) == .retry(after: .seconds(1)))
    #expect(decide(0, hasOther: false) == .retry(after: .milliseconds(25)))
    #expect(decide(2, hasOther: false) == .end(.deadline))
  }

  @Test("Retries are a share of the calls of the last ten seconds and a few more")
  func budget() {
    var settings = RetrySettings()
    settings.budgetShare = 0.2
    settings.budgetMinimumPerSecond = 0.5
    var budget = RetryBudget(settings)
    for _ in 0..<100 { budget.countCall(at: .seconds(1)) }
    let spent = [1, 10, 11, 20, 1_000_000].map { second in
      (0..<100).count { _ in budget.spend(at: .seconds(second)) }
    }
    #expect(spent == [25, 0, 5, 0, 5])
  }

  @Test("Without a budget a call ends with its first failure")
  func noBudget() {
    let decision = Self.decide {
      $0.budgetShare = 0
      $0.budgetMinimumPerSecond = 0
    }
    #expect(decision == .end(.budgetSpent))
  }

  @Test("A decision against a retry costs nothing of the budget")
  func unspent() {
    var settings = RetrySettings()
    settings.budgetMinimumPerSecond = 0.1
    var budget = RetryBudget(settings)
    let call = RetryDecision.Circumstances(
      failure: TryFailure(.lost), isRepeatable: false, tries: 1, elapsed: .zero, hasOther: true)
    _ = RetryDecision.after(
      call, limits: CallLimits(), settings: settings, budget: &budget, at: .zero, random: 1)
    let (first, second) = (budget.spend(at: .zero), budget.spend(at: .zero))
    #expect(first && !second)
  }
}
