// A service that is called, as the calls of this process share it.

import Logging
import Synchronization

/// Asks a callee's decisions with the time and randomness of this process, and tells the log and
/// the counters what came of them.
final class SharedCallee: Sendable {
  let service: String
  let metrics: CalleeMetrics
  private let callee: Mutex<Callee>
  private let logger: Logger
  private let start = ContinuousClock.now

  init(_ service: String, _ configuration: MeshConfiguration) {
    self.service = service
    metrics = CalleeMetrics(of: service, in: configuration.metrics)
    callee = Mutex(Callee(configuration))
    logger = configuration.logger
  }

  func beginCall() {
    ask { callee, now, _ in callee.beginCall(at: now) }
  }

  func update(_ endpoints: [Endpoint]) {
    ask { callee, now, _ in callee.update(endpoints, at: now) }
  }

  var hasInstances: Bool {
    ask { callee, _, _ in !callee.pool.members.isEmpty }
  }

  var instancesInUse: [Endpoint] {
    ask { callee, _, _ in
      callee.pool.members.filter { $0.health.state == .inUse }.map(\.endpoint)
    }
  }

  func choose(isRepeatable: Bool, tried: [Int]) -> EndpointPool.Choice? {
    ask { callee, now, generator in
      callee.choose(isRepeatable: isRepeatable, tried: tried, at: now, using: &generator)
    }
  }

  func finish(_ choice: EndpointPool.Choice, _ outcome: EndpointPool.Outcome) {
    let change = ask { callee, now, _ in callee.finish(choice, outcome, at: now) }
    guard let change else { return }
    metrics.count(change)
    tell(change)
  }

  func decide(
    after failure: TryFailure, isRepeatable: Bool, tried: [Int], elapsed: Duration,
    limits: CallLimits
  ) -> RetryDecision {
    ask { callee, now, generator in
      callee.decide(
        after: failure, isRepeatable: isRepeatable, tried: tried, elapsed: elapsed,
        limits: limits, at: now, using: &generator)
    }
  }

  private func ask<Result>(
    _ body: (inout Callee, Duration, inout SystemRandomNumberGenerator) -> Result
  ) -> Result {
    callee.withLock { callee in
      var generator = SystemRandomNumberGenerator()
      // Read under the lock, so that the time that a callee sees never goes back.
      return body(&callee, ContinuousClock.now - start, &generator)
    }
  }

  private func tell(_ change: EndpointPool.Change) {
    let (level, text, endpoint): (Logger.Level, Logger.Message, Endpoint) =
      switch change {
      case .ejected(let endpoint, let period):
        (.warning, "its tries failed: no calls to this instance for \(period)", endpoint)
      case .returned(let endpoint):
        (.info, "a try succeeded: this instance gets calls again", endpoint)
      }
    logger.log(
      level: level, text,
      metadata: [
        "service": "\(service)", "instance": "\(endpoint.host)",
        "address": "\(endpoint.address)", "port": "\(endpoint.port)",
      ])
  }
}
