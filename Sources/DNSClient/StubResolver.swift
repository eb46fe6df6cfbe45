// Asks servers in turn until one gives an answer.

package import DNSWire
import Synchronization

/// A stub resolver (RFC 9499 section 6) with a list of servers.
package final class StubResolver: Sendable {
  /// What became of a query.
  package enum Outcome: String, Sendable, CaseIterable {
    case answered
    /// The server replied that it can't or will not say.
    case refused
    case lost
  }

  /// No server gave an answer.
  package struct Failure: Error, CustomStringConvertible {
    /// What each server did instead.
    package let description: String
    /// Whether none of them replied at all.
    package let isSilence: Bool
  }

  private let servers: [NameServer]
  private let attempts: Int
  private let exchange: DNSExchange
  private let note: @Sendable (Outcome) -> Void
  /// The server that gave the last answer is asked first: a dead one costs a time-out once.
  private let preferred = Atomic<Int>(0)

  /// - Parameters:
  ///   - servers: at least one.
  ///   - attempts: queries for one question at most. A server that is silent is asked again when
  ///     all others were asked; one that has replied is not.
  ///   - note: is told what became of each query.
  package init(
    _ servers: [NameServer], attempts: Int, exchange: DNSExchange,
    note: @escaping @Sendable (Outcome) -> Void
  ) {
    self.servers = servers
    self.attempts = attempts
    self.exchange = exchange
    self.note = note
  }

  /// - Parameter whenFailing: called when the first server has failed.
  /// - Returns: a reply that says what there is, or that there is nothing.
  package func ask(
    _ question: DNSQuestion, whenFailing: () -> Void = {}
  ) async throws(Failure) -> Reply {
    let first = preferred.load(ordering: .relaxed)
    var failures: [String] = []
    var replied: Set<Int> = []
    for attempt in 0..<attempts {
      let index = (first + attempt) % servers.count
      guard !replied.contains(index) else { continue }
      let failure: String
      do throws(DNSExchange.Failure) {
        let reply = try await exchange.ask(question, servers[index])
        if reply.isAnswer {
          preferred.store(index, ordering: .relaxed)
          note(.answered)
          return reply
        }
        note(.refused)
        replied.insert(index)
        failure = reply.code == .noError ? "is not responsible" : "\(reply.code)"
      } catch {
        note(.lost)
        failure = error.description
      }
      if attempt == 0 { whenFailing() }
      if attempt < servers.count { failures.append("\(servers[index]): \(failure)") }
    }
    throw Failure(
      description: "no DNS server answers \(question): \(failures.joined(separator: "; "))",
      isSilence: replied.isEmpty)
  }
}

extension Reply {
  /// Whether it says what there is or that there is nothing. A server that is not responsible
  /// replies without data and without either flag.
  var isAnswer: Bool {
    switch code {
    case .nameError: true
    case .noError:
      !answer.isEmpty
        || flags.rawValue & (HeaderFlags.authoritative | HeaderFlags.recursionAvailable) != 0
    default: false
    }
  }
}
