// What the mesh knows of a service that is called.

/// The pool and the retry budget of one service: the decisions of a call, in the order in which a
/// call needs them. A value without a clock.
package struct Callee: Sendable {
  package private(set) var pool: EndpointPool
  private var budget: RetryBudget
  private let retry: RetrySettings

  package init(_ configuration: MeshConfiguration) {
    pool = EndpointPool(configuration.balancing, configuration.ejection)
    budget = RetryBudget(configuration.retry)
    retry = configuration.retry
  }

  package mutating func beginCall(at now: Duration) {
    budget.countCall(at: now)
  }

  /// Takes what the directory says now.
  package mutating func update(_ endpoints: [Endpoint], at now: Duration) {
    pool.update(endpoints, at: now)
  }

  /// - Parameter tried: the instances that this call has tried, the last one last.
  package mutating func choose(
    isRepeatable: Bool, tried: [Int], at now: Duration,
    using generator: inout some RandomNumberGenerator
  ) -> EndpointPool.Choice? {
    let wish: EndpointPool.Wish =
      tried.isEmpty ? .first(isRepeatable: isRepeatable) : .retry(tried: tried)
    return pool.choose(wish, at: now, using: &generator)
  }

  package mutating func finish(
    _ choice: EndpointPool.Choice, _ outcome: EndpointPool.Outcome, at now: Duration
  ) -> EndpointPool.Change? {
    pool.finish(choice, outcome, at: now)
  }

  /// - Parameters:
  ///   - tried: as in `choose`, with the one that has just failed.
  ///   - elapsed: since the beginning of the call.
  package mutating func decide(
    after failure: TryFailure, isRepeatable: Bool, tried: [Int], elapsed: Duration,
    limits: CallLimits, at now: Duration, using generator: inout some RandomNumberGenerator
  ) -> RetryDecision {
    RetryDecision.after(
      RetryDecision.Circumstances(
        failure: failure, isRepeatable: isRepeatable, tries: tried.count, elapsed: elapsed,
        hasOther: pool.hasOther(than: tried)),
      limits: limits, settings: retry, budget: &budget, at: now,
      random: .random(in: 0...1, using: &generator))
  }
}
