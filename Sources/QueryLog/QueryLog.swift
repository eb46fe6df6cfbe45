// Log lines about queries, written by a thread that answers none.

package import DNSTransport
import DequeModule
import Dispatch
package import Logging
import Synchronization

/// A bounded queue of records and whoever writes them. When queries come faster than lines can be
/// written, the newest are left out and counted: answers come first.
package final class QueryLog: Sendable {
  /// Records that wait to be written.
  static let queueLimit = 4_096

  private struct State {
    var records: Deque<QueryRecord> = []
    var isWriting = false
    var listeners: [ListenAddress] = []
  }

  let every: Int
  private let logger: Logger
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "rollcall.query-log")
  private let lines = Atomic(0)
  private let dropped = Atomic(0)

  /// - Parameters:
  ///   - every: one query of so many has a line.
  ///   - logger: to which lines go at level `info`, whatever its own level is: who sets this log
  ///     wants to see it.
  package init(every: Int, logger: Logger) {
    self.every = every
    var logger = logger
    logger.logLevel = .info
    self.logger = logger
  }

  /// The addresses that records refer to by their place. To be called before the first record.
  package func setListeners(_ listeners: [ListenAddress]) {
    state.withLock { $0.listeners = listeners }
  }

  /// Lines that were written since the start.
  package var lineCount: Int { lines.load(ordering: .relaxed) }

  /// Lines that were left out since the start.
  package var droppedCount: Int { dropped.load(ordering: .relaxed) }

  func add(_ record: QueryRecord) {
    let hasToWrite = state.withLock { state in
      guard state.records.count < Self.queueLimit else {
        dropped.add(1, ordering: .relaxed)
        return false
      }
      state.records.append(record)
      guard !state.isWriting else { return false }
      state.isWriting = true
      return true
    }
    if hasToWrite { queue.async { self.writeAll() } }
  }

  /// Returns when all that was added is written.
  package func flush() {
    queue.sync {}
  }

  private func writeAll() {
    while let (record, listeners) = next() {
      logger.info("query", metadata: record.fields(listeners: listeners))
      lines.add(1, ordering: .relaxed)
    }
  }

  private func next() -> (QueryRecord, [ListenAddress])? {
    state.withLock { state in
      guard let record = state.records.popFirst() else {
        state.isWriting = false
        return nil
      }
      return (record, state.listeners)
    }
  }
}
