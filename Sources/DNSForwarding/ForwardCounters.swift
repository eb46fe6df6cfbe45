// What has been counted of forwarding.

package import DNSClient
import Logging
import Synchronization

package struct ForwardCounters: Sendable {
  /// What became of a client's query.
  package enum Outcome: String, Sendable, CaseIterable {
    /// Answered from what was known.
    case cached
    /// Answered by a server.
    case answered
    /// Answered with what has ended, since no server replied.
    case stale
    /// No server answered.
    case failed
    /// Too many were under way.
    case refused
  }

  /// Clients' queries that are done.
  package var outcomes: [Outcome: Int] = [:]
  /// Queries to servers.
  package var queries: [StubResolver.Outcome: Int] = [:]
  /// Clients that wait now.
  package var waiting = 0
  /// Answers that are kept, those that have ended included.
  package var cachedAnswers = 0
  /// Of them, about.
  package var cachedOctets = 0

  package init() {}
}

/// Counts what became of queries to servers.
final class QueryCounts: Sendable {
  private let counts = Mutex<[StubResolver.Outcome: Int]>([:])

  func count(_ outcome: StubResolver.Outcome) {
    counts.withLock { $0[outcome, default: 0] += 1 }
  }

  var values: [StubResolver.Outcome: Int] { counts.withLock(\.self) }
}

/// Says once that no server replies, and once that one does again; both at most once a minute, as
/// clients choose what is asked.
final class FailureLog: Sendable {
  private static let interval = Duration.seconds(60)

  private struct State {
    var isFailing = false
    var lastTold: ContinuousClock.Instant?
  }

  private let logger: Logger
  private let state = Mutex(State())

  init(logger: Logger) {
    self.logger = logger
  }

  func note(_ reason: String, at now: ContinuousClock.Instant = .now) {
    let isNews = state.withLock { state in
      if state.isFailing { return false }
      if let lastTold = state.lastTold, now - lastTold < Self.interval { return false }
      state = State(isFailing: true, lastTold: now)
      return true
    }
    if isNews { logger.warning("forwarding fails", metadata: ["reason": "\(reason)"]) }
  }

  func noteAnswer() {
    let isNews = state.withLock { state in
      defer { state.isFailing = false }
      return state.isFailing
    }
    if isNews { logger.notice("forwarding works again") }
  }
}
