// How many requests there were for what, what became of them, and how long they took.

import DNSZone
import Synchronization

/// The requests of all listeners. However many paths are asked for, there are only as many numbers
/// as the API has calls and status codes.
final class RequestCounters: Sendable {
  /// What is known of a request so far.
  struct Note {
    /// The route's template, unless the path is none of the API's.
    var route = "other"
    /// Unless the path does not have it.
    var method = "other"
    /// Whether it is answered only when something happens: how long that takes says nothing of the
    /// server.
    var waits = false
  }

  private struct Call: Hashable {
    let route: String
    let method: String

    var labels: [(name: String, value: String)] { [("route", route), ("method", method)] }
  }

  private struct Outcome: Hashable {
    let call: Call
    let code: Int
  }

  private struct State {
    var underWay = 0
    var answered: [Outcome: Int] = [:]
    var durations: [Call: Histogram] = [:]
  }

  /// Seconds, finer than powers of four where an answer is expected to come.
  private static let durationBounds: [Double] = [
    0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10,
  ]

  private let state = Mutex(State())

  /// A request's head has come.
  func begin() -> ContinuousClock.Instant {
    state.withLock { $0.underWay += 1 }
    return .now
  }

  /// There is a reply, or the client is gone.
  func end() {
    state.withLock { $0.underWay -= 1 }
  }

  func note(_ request: Note, code: Int, since begin: ContinuousClock.Instant) {
    let seconds = (ContinuousClock.now - begin) / .seconds(1)
    let call = Call(route: request.route, method: request.method)
    state.withLock { state in
      state.answered[Outcome(call: call, code: code), default: 0] += 1
      guard !request.waits else { return }
      state.durations[call, default: Histogram(bounds: Self.durationBounds)].add(seconds)
    }
  }

  var metrics: [Metric] {
    let state = state.withLock(\.self)
    let answered = state.answered.sorted { left, right in
      (left.key.call.route, left.key.call.method, left.key.code)
        < (right.key.call.route, right.key.call.method, right.key.code)
    }
    let durations = state.durations.sorted { left, right in
      (left.key.route, left.key.method) < (right.key.route, right.key.method)
    }
    return [
      Metric(
        "rollcall_http_requests_in_flight", .gauge,
        "Requests whose reply is being made, calls that wait included.", state.underWay),
      Metric(
        "rollcall_http_requests_total", .counter,
        "Requests that were answered, by route, method and status code.",
        answered.map { outcome, count in
          .init(Double(count), labels: outcome.call.labels + [("code", "\(outcome.code)")])
        }),
      Metric(
        "rollcall_http_request_duration_seconds",
        """
        From when a request's head had come until its reply was made, its body's arrival \
        included; without calls that wait for something to happen.
        """,
        histograms: durations.map { ($0.key.labels, $0.value) }),
    ]
  }
}
