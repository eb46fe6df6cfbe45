// Which instances fail, how, and until when.

import TestSupport

/// How an instance fails.
package enum Fault: CaseIterable, Sendable {
  /// Connections are refused.
  case dead
  /// Connections are accepted, and nothing is replied.
  case hanging
  /// Replies come after longer than a try may take.
  case slow
  /// Replies say 503.
  case unavailable
}

/// A seeded history of faults: at any time as many instances fail as the trial wants. When one
/// returns, another one begins to fail.
package struct FaultPlan: Sendable {
  package struct Change: Sendable {
    package let time: Duration
    package let instance: Int
    /// nil: it serves again.
    package let fault: Fault?
  }

  package let instances: Int
  /// In the order of time.
  package let changes: [Change]

  /// - Parameters:
  ///   - failing: how many fail at any time.
  ///   - lasting: how long each fault lasts, in seconds.
  package init(
    seed: UInt64, instances: Int = 20, failing: Int = 6, length: Duration,
    lasting: ClosedRange<Double>
  ) {
    var random = SeededRandom(seed: seed)
    var changes: [Change] = []
    var ends = [Duration?](repeating: nil, count: instances)
    func beginOne(at time: Duration) {
      let serving = ends.indices.filter { ends[$0] == nil }
      guard let instance = serving.randomElement(using: &random) else { return }
      let fault = Fault.allCases.randomElement(using: &random)
      changes.append(Change(time: time, instance: instance, fault: fault))
      ends[instance] = time + .seconds(Double.random(in: lasting, using: &random))
    }
    for _ in 0..<failing { beginOne(at: .zero) }
    while let (instance, end) = Self.next(ends), end < length {
      beginOne(at: end)
      ends[instance] = nil
      changes.append(Change(time: end, instance: instance, fault: nil))
    }
    self.instances = instances
    self.changes = changes
  }

  private static func next(_ ends: [Duration?]) -> (instance: Int, end: Duration)? {
    let running = ends.enumerated().compactMap { instance, end in end.map { (instance, $0) } }
    return running.min { $0.1 < $1.1 }
  }
}
