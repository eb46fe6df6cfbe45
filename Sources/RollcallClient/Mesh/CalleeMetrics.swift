// What a mesh counts.

import CoreMetrics

/// The counters of one service that is called. There are at most as many as services that the mesh
/// knows, and a label has no other values than those listed here.
struct CalleeMetrics: Sendable {
  private let calls: [CallEnd: Counter]
  private let tries: [TryEnd: Counter]
  private let retries: Counter
  private let ejections: Counter
  private let returns: Counter
  private let duration: Timer

  enum CallEnd: String, CaseIterable {
    case success, failure, cancelled
  }

  enum TryEnd: String, CaseIterable {
    case success, failure, timeout, cancelled
  }

  init(of service: String, in factory: (any MetricsFactory)?) {
    let factory = factory ?? MetricsSystem.factory
    let label = [("service", service)]
    func counter(_ name: String, _ more: [(String, String)] = []) -> Counter {
      Counter(label: "rollcall_client_\(name)_total", dimensions: label + more, factory: factory)
    }
    calls = Dictionary(
      uniqueKeysWithValues: CallEnd.allCases.map {
        ($0, counter("calls", [("outcome", $0.rawValue)]))
      })
    tries = Dictionary(
      uniqueKeysWithValues: TryEnd.allCases.map {
        ($0, counter("tries", [("outcome", $0.rawValue)]))
      })
    retries = counter("retries")
    ejections = counter("ejections")
    returns = counter("returns")
    duration = Timer(
      label: "rollcall_client_call_duration", dimensions: label, factory: factory)
  }

  func count(_ end: CallEnd, after elapsed: Duration) {
    calls[end]?.increment()
    duration.recordNanoseconds(Int64(elapsed / .nanoseconds(1)))
  }

  func count(_ end: TryEnd) {
    tries[end]?.increment()
  }

  func countRetry() {
    retries.increment()
  }

  func count(_ change: EndpointPool.Change) {
    switch change {
    case .ejected: ejections.increment()
    case .returned: returns.increment()
    }
  }
}
