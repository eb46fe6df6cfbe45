// What DNS over TCP counts.

/// Why a connection ended.
package enum TCPCloseReason: String, Sendable, CaseIterable {
  /// The client closed or reset it.
  case client
  /// No complete query came for ``TCPLimits/idle``.
  case idle
  /// The client did not read its replies for ``TCPLimits/idle``.
  case notReading = "not_reading"
  /// It made room for a new one at ``TCPLimits/connections``.
  case connectionLimit = "connection_limit"
  /// It was one too many at ``TCPLimits/connectionsFromOneAddress``.
  case addressLimit = "address_limit"
  /// What came can't be a DNS message.
  case malformed
  case shutdown
}

/// A sum over all loops and addresses since they started; every number but `open` only grows.
package struct TCPCounters: Sendable, Equatable {
  /// Connections that came, refused ones included.
  package var accepted = 0
  /// Connections that are open now.
  package var open = 0
  /// Connections that ended, by reason. A reason that did not occur is not in it.
  package var closed: [TCPCloseReason: Int] = [:]
  package var queries = 0
  package var replies = 0
}

/// The numbers of one event loop, which alone writes them.
final class TCPLoopCounters: Sendable {
  private let before = CacheLinePadding()
  let queries = ThreadCounter()
  let replies = ThreadCounter()
  private let after = CacheLinePadding()

  func add(to sum: inout TCPCounters) {
    sum.queries += queries.count
    sum.replies += replies.count
  }
}
