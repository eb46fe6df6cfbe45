// Takes queries and replies for the log and for dnstap, in a thread that answers.

package import DNSTransport
import Glibc

/// One for each thread that answers. It copies what it takes and never waits.
package final class QueryRecorder {
  private let log: QueryLog?
  private let dnstap: DnstapOutput?
  private var logSampler: QuerySampler
  private var dnstapSampler: QuerySampler
  private var began = timespec()

  /// - Returns: nil where nothing is to be recorded.
  package init?(log: QueryLog?, dnstap: DnstapOutput?) {
    guard log != nil || dnstap != nil else { return nil }
    self.log = log
    self.dnstap = dnstap
    logSampler = QuerySampler(every: log?.every ?? 1)
    dnstapSampler = QuerySampler(every: dnstap?.every ?? 1)
  }

  /// A batch of queries has been received.
  package func begin() {
    if dnstap != nil { clock_gettime(CLOCK_REALTIME, &began) }
  }

  /// A query of the batch has its reply, or none.
  package func note(_ exchange: Exchange) {
    note(exchange, isForwarded: false, since: began)
  }

  /// - Parameter began: when the query was received.
  func note(_ exchange: Exchange, isForwarded: Bool, since began: timespec) {
    if let log, logSampler.takesNext() {
      log.add(QueryRecord(exchange, isForwarded: isForwarded))
    }
    if let dnstap, dnstapSampler.takesNext() {
      var ended = timespec()
      clock_gettime(CLOCK_REALTIME, &ended)
      dnstap.add(exchange, isForwarded: isForwarded, began: began, ended: ended)
    }
  }
}
