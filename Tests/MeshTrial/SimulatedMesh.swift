// The trial in virtual time: the decisions of a mesh without clock, sockets and tasks.

import HeapModule
package import RollcallClient
import TestSupport

/// Calls that come at an even rate, and instances that fail as planned. The same seed is always the
/// same history.
package struct SimulatedMesh {
  private struct Call {
    let start: Duration
    var tried: [Int] = []
  }

  private enum Happening {
    case tryBegins(Call)
    case tryEnds(Call, EndpointPool.Choice, TryFailure.Kind?)
  }

  private struct Event: Comparable {
    let time: Duration
    let number: Int
    let what: Happening

    static func < (one: Event, other: Event) -> Bool {
      (one.time, one.number) < (other.time, other.number)
    }

    static func == (one: Event, other: Event) -> Bool { one.number == other.number }
  }

  private static let refusalTime = Duration.microseconds(500)

  private let plan: FaultPlan
  private let limits: CallLimits
  private var random: SeededRandom
  private var callee: Callee
  private var events = Heap<Event>()
  private var number = 0
  private var faults: [Fault?]
  private var planned: ArraySlice<FaultPlan.Change>
  private var result: TrialResult

  /// - Parameters:
  ///   - rate: calls a second.
  ///   - failing: instances out of twenty that fail at any time.
  ///   - lasting: how long each fault lasts, in seconds.
  package static func run(
    seed: UInt64, length: Duration = .seconds(60), rate: Int = 500, failing: Int = 6,
    lasting: ClosedRange<Double> = 1...15,
    configuration: MeshConfiguration = TrialResult.configuration
  ) -> TrialResult {
    let plan = FaultPlan(seed: seed, failing: failing, length: length, lasting: lasting)
    var mesh = SimulatedMesh(plan, seed: seed, configuration)
    for turn in 0..<Int(length / .seconds(1)) * rate {
      let time = Duration.seconds(Double(turn) / Double(rate))
      mesh.schedule(.tryBegins(Call(start: time)), at: time)
    }
    mesh.work()
    return mesh.result
  }

  private init(_ plan: FaultPlan, seed: UInt64, _ configuration: MeshConfiguration) {
    self.plan = plan
    limits = configuration.limits
    random = SeededRandom(seed: ~seed)
    callee = Callee(configuration)
    faults = Array(repeating: nil, count: plan.instances)
    planned = plan.changes[...]
    result = TrialResult(instances: plan.instances)
    callee.update(
      (0..<plan.instances).map { Endpoint(address: "192.0.2.\($0)", port: $0 + 1, host: "i\($0)") },
      at: .zero)
  }

  private mutating func schedule(_ what: Happening, at time: Duration) {
    number += 1
    events.insert(Event(time: time, number: number, what: what))
  }

  private mutating func work() {
    while let event = events.popMin() {
      while let change = planned.first, change.time <= event.time {
        faults[change.instance] = change.fault
        planned.removeFirst()
      }
      switch event.what {
      case .tryBegins(let call): beginTry(call, at: event.time)
      case .tryEnds(let call, let choice, let failure):
        endTry(call, choice, failure, at: event.time)
      }
    }
  }

  private mutating func beginTry(_ call: Call, at now: Duration) {
    if call.tried.isEmpty {
      callee.beginCall(at: now)
      result.calls += 1
    }
    let inUse = callee.pool.members.filter { $0.health.state == .inUse }.map(\.endpoint.port)
    guard
      let choice = callee.choose(
        isRepeatable: true, tried: call.tried, at: now, using: &random)
    else { return }
    result.tries += 1
    if !choice.isTrial {
      result.shares.count(choice.endpoint.port - 1, amid: inUse.map { $0 - 1 }, at: now)
    }
    var call = call
    call.tried.append(choice.id)
    let left = min(limits.tryTimeout, limits.deadline - (now - call.start))
    let (time, failure) = ending(of: choice.endpoint.port - 1, within: left)
    schedule(.tryEnds(call, choice, failure), at: now + time)
  }

  private mutating func ending(
    of instance: Int, within limit: Duration
  ) -> (Duration, TryFailure.Kind?) {
    let work = Duration.milliseconds(Double.random(in: 1...20, using: &random))
    switch faults[instance] {
    case nil: return work < limit ? (work, nil) : (limit, .timedOut)
    case .dead: return (Self.refusalTime, .notSent)
    case .hanging, .slow: return (limit, .timedOut)
    case .unavailable: return (work, .unavailable)
    }
  }

  private mutating func endTry(
    _ call: Call, _ choice: EndpointPool.Choice, _ kind: TryFailure.Kind?, at now: Duration
  ) {
    let outcome: EndpointPool.Outcome = kind == nil ? .success : .failure(retryAfter: nil)
    if let change = callee.finish(choice, outcome, at: now) { result.count(change) }
    let elapsed = now - call.start
    guard let kind else {
      result.longestCall = max(result.longestCall, elapsed)
      if elapsed <= TrialResult.deadline { result.succeeded += 1 }
      return
    }
    let decision = callee.decide(
      after: TryFailure(kind), isRepeatable: true, tried: call.tried, elapsed: elapsed,
      limits: limits, at: now, using: &random)
    guard case .retry(let pause) = decision else { return }
    result.retries += 1
    schedule(.tryBegins(call), at: now + pause)
  }
}
