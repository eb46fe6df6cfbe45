// Takes queries whose replies are made later, for the log and for dnstap.

package import DNSTransport
import Glibc
import Synchronization

/// One for the whole program: replies come from any thread. Where many come at once they wait for
/// each other, which those that threads answer at once (``QueryRecorder``) never do.
package final class LateQueryRecorder: Sendable {
  private let recorder: Mutex<QueryRecorder?>

  package init(log: QueryLog?, dnstap: DnstapOutput?) {
    recorder = Mutex(QueryRecorder(log: log, dnstap: dnstap))
  }

  /// - Returns: the query, to be handed to whoever replies; it is recorded when they do.
  package func recording(_ deferred: DeferredQuery) -> DeferredQuery {
    guard recorder.withLock({ $0 != nil }) else { return deferred }
    var began = timespec()
    clock_gettime(CLOCK_REALTIME, &began)
    return deferred.with { [self, began] octets in
      note(deferred, octets, since: began)
      deferred.reply(octets)
    }
  }

  private func note(_ deferred: DeferredQuery, _ octets: [UInt8], since began: timespec) {
    recorder.withLock { recorder in
      guard let recorder else { return }
      deferred.withExchange(repliedBy: octets) {
        recorder.note($0, isForwarded: true, since: began)
      }
    }
  }

  /// Records nothing from then on. To be called before the log and dnstap end.
  package func end() {
    recorder.withLock { $0 = nil }
  }
}

extension DeferredQuery {
  /// - Parameter octets: the reply; none where there was none.
  fileprivate func withExchange(repliedBy octets: [UInt8], _ body: (Exchange) -> Void) {
    var octets = octets
    query.withUnsafeBytes { query in
      client.withUnsafeBytes { client in
        octets.withUnsafeMutableBytes { reply in
          var exchange = Exchange(
            query: query, client: client, clientPort: clientPort, listener: listener, reply: reply,
            transport: transport)
          exchange.replyLength = reply.count
          body(exchange)
        }
      }
    }
  }
}
