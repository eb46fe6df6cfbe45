// Follows a server's events, over lost connections and restarts.

import AsyncHTTPClient
import NIOCore
package import RollcallClient

package struct EventWatch: Sendable {
  package enum News: Sendable {
    case event(ServerEvent)
    /// A connection that was there is lost; it is tried again.
    case lost(RollcallError)
    case connectedAgain
  }

  private let client: APIClient
  private let services: [String]

  /// - Parameters:
  ///   - client: gives a connection up after `StreamEvent.silenceLimit`.
  ///   - services: none: all.
  package init(_ client: APIClient, services: [String]) {
    self.client = client
    self.services = services
  }

  /// Runs until the task is cancelled or `takes` returns false.
  ///
  /// - Throws: why no connection came about at first, or what will not pass by itself: a token that
  ///   is not valid any more, say.
  package func run(_ takes: (News) -> Bool) async throws(RollcallError) {
    var parser = EventParser()
    var retry = client.connection.access.retry
    var failures = 0
    var failingSince = ContinuousClock.now
    while !Task.isCancelled {
      do throws(RollcallError) {
        let body = try await client.connection.open(.events(of: services, after: parser.lastID))
        if parser.lastID != nil, failures > 0, !takes(.connectedAgain) { return }
        failures = 0
        // Whoever was connected once waits for the server as long as it takes.
        retry = .endless
        guard try await follow(body, &parser, takes) else { return }
      } catch {
        guard !Task.isCancelled else { return }
        if failures == 0 { failingSince = .now }
        failures += 1
        guard error.isPassing,
          let pause = retry.pause(
            failures: failures, elapsed: .now - failingSince, asked: error.retryAfter,
            random: .random(in: 0..<1))
        else { throw error }
        if parser.lastID != nil, failures == 1, !takes(.lost(error)) { return }
        guard (try? await Task.sleep(for: pause)) != nil else { return }
      }
    }
  }

  /// - Returns: false when no more events are wanted.
  /// - Throws: how the stream ended.
  private func follow(
    _ body: HTTPClientResponse.Body, _ parser: inout EventParser, _ takes: (News) -> Bool
  ) async throws(RollcallError) -> Bool {
    parser.beginAgain()
    do {
      for try await part in body {
        for event in try parser.take(part.readableBytesView) {
          guard takes(.event(try ServerEvent(event))) else { return false }
        }
      }
    } catch let error as RollcallError {
      throw error
    } catch {
      throw RollcallError(error, from: client.connection.access)
    }
    throw RollcallError(.unreachable, "\(client.connection.access.url) has ended the stream")
  }
}
