// One call under way: its tries, one after another.

import Tracing

/// Carries out what a callee decides: chooses an instance, tries it within its time, waits and
/// tries another, until the call is over.
struct CallRun<Value: Sendable>: Sendable {
  typealias Operation = @Sendable (Endpoint, _ limit: Duration) async throws -> TryReply<Value>

  struct Outcome: Sendable {
    let value: Value
    let tries: Int
    /// Whether it is a reply by which an instance said that it can't serve.
    let isUnavailable: Bool
  }

  private enum Attempt: Sendable {
    case done(Value)
    case failed(TryFailure, reply: Value?)
    case unusable(MeshError)
    case cancelled
  }

  let callee: SharedCallee
  let directory: any ServiceDirectory
  let limits: CallLimits
  let isRepeatable: Bool
  let operation: Operation

  private let start = ContinuousClock.now

  init(
    _ callee: SharedCallee, _ directory: any ServiceDirectory, _ limits: CallLimits,
    isRepeatable: Bool, operation: @escaping Operation
  ) {
    self.callee = callee
    self.directory = directory
    self.limits = limits
    self.isRepeatable = isRepeatable
    self.operation = operation
  }

  private var left: Duration { limits.deadline - (ContinuousClock.now - start) }

  /// Makes the call, with a span of its own, and counts it.
  func perform() async throws(MeshError) -> Outcome {
    let result = await withSpan("mesh.call") { span in
      span.attributes["rollcall.service"] = callee.service
      let result = await tries()
      if case .failure(let error) = result { span.fail(error) }
      return result
    }
    callee.metrics.count(Self.end(result), after: limits.deadline - left)
    return try result.get()
  }

  private static func end(_ result: Result<Outcome, MeshError>) -> CalleeMetrics.CallEnd {
    switch result {
    case .success(let outcome): outcome.isUnavailable ? .failure : .success
    case .failure(let error): error.reason == .cancelled ? .cancelled : .failure
    }
  }

  private func tries() async -> Result<Outcome, MeshError> {
    callee.beginCall()
    var tried: [Int] = []
    while true {
      if let error = await look(tried.count) { return .failure(error) }
      guard let choice = callee.choose(isRepeatable: isRepeatable, tried: tried) else {
        let text = "the service \(callee.service) has no instance"
        return .failure(MeshError(.noInstance, text, tries: tried.count))
      }
      tried.append(choice.id)
      switch await attempt(choice, number: tried.count) {
      case .done(let value):
        return .success(Outcome(value: value, tries: tried.count, isUnavailable: false))
      case .unusable(let error): return .failure(error)
      case .cancelled: return .failure(cancelled(tried.count))
      case .failed(let failure, let reply):
        if let end = await pause(after: failure, reply, tried) { return end }
      }
    }
  }

  /// - Returns: nil when it is time for another try; else how the call ends.
  private func pause(
    after failure: TryFailure, _ reply: Value?, _ tried: [Int]
  ) async -> Result<Outcome, MeshError>? {
    let decision = callee.decide(
      after: failure, isRepeatable: isRepeatable, tried: tried, elapsed: limits.deadline - left,
      limits: limits)
    switch decision {
    case .retry(let pause):
      callee.metrics.countRetry()
      return (try? await Task.sleep(for: pause)) == nil
        ? .failure(cancelled(tried.count)) : nil
    case .end(let reason):
      if let reply {
        return .success(Outcome(value: reply, tries: tried.count, isUnavailable: true))
      }
      return .failure(error(reason, failure, tried.count))
    }
  }

  // MARK: One try

  /// Asks the directory for the instances of this moment. If it can't say, those that are known
  /// have to do, unless it says that the service is gone, or that too long nothing was heard of it.
  private func look(_ tries: Int) async -> MeshError? {
    let (directory, service) = (directory, callee.service)
    do {
      let endpoints = try await within(left) { try await directory.endpoints(of: service) }
      guard let endpoints else {
        return MeshError(.deadline, "the call to \(service) was not over in time", tries: tries)
      }
      callee.update(endpoints)
      return nil
    } catch {
      if Task.isCancelled { return cancelled(tries) }
      switch (error as? RollcallError)?.kind {
      case .serviceUnknown?: callee.update([])
      // The directory itself serves what is known from before for as long as that may be used.
      case .noAnswer?: break
      default: guard !callee.hasInstances else { return nil }
      }
      return MeshError(
        .discovery, "the instances of \(service) are not known: \(error)", tries: tries,
        underlying: error)
    }
  }

  private func attempt(_ choice: EndpointPool.Choice, number: Int) async -> Attempt {
    let attempt = await withSpan("mesh.try", ofKind: .client) { span in
      span.attributes["rollcall.service"] = callee.service
      span.attributes["rollcall.try"] = number
      span.attributes["server.address"] = choice.endpoint.address
      span.attributes["server.port"] = choice.endpoint.port
      let attempt = await timed(choice.endpoint)
      if case .failed(let failure, _) = attempt { span.fail(failure) }
      return attempt
    }
    let (outcome, end) = Self.verdict(attempt)
    callee.finish(choice, outcome)
    callee.metrics.count(end)
    return attempt
  }

  private func timed(_ endpoint: Endpoint) async -> Attempt {
    let limit = min(limits.tryTimeout, left)
    do {
      switch try await within(limit, { try await operation(endpoint, limit) }) {
      case nil: return .failed(TryFailure(.timedOut), reply: nil)
      case .done(let value): return .done(value)
      case .unavailable(let value, let asked):
        return .failed(TryFailure(.unavailable, retryAfter: asked), reply: value)
      case .unusable(let error): return .unusable(error)
      }
    } catch {
      return Task.isCancelled ? .cancelled : .failed(TryFailure(error), reply: nil)
    }
  }

  private static func verdict(
    _ attempt: Attempt
  ) -> (EndpointPool.Outcome, CalleeMetrics.TryEnd) {
    switch attempt {
    case .done, .unusable: (.success, .success)
    case .cancelled: (.abandoned, .cancelled)
    case .failed(let failure, _):
      (.failure(retryAfter: failure.retryAfter), failure.kind == .timedOut ? .timeout : .failure)
    }
  }

  // MARK: Errors

  private func cancelled(_ tries: Int) -> MeshError {
    MeshError(.cancelled, "the call to \(callee.service) was cancelled", tries: tries)
  }

  private func error(
    _ reason: MeshError.Reason, _ failure: TryFailure, _ tries: Int
  ) -> MeshError {
    let count = tries == 1 ? "1 try" : "\(tries) tries"
    return MeshError(
      reason, "the call to \(callee.service) failed after \(count) (\(reason)): \(failure)",
      tries: tries, underlying: failure.underlying)
  }
}

extension Span {
  fileprivate func fail(_ error: some Error) {
    setStatus(SpanStatus(code: .error, message: "\(error)"))
  }
}
