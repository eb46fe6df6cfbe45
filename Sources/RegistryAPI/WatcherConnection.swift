// A connection on which a client waits for changes.

import NIOCore

/// Counted among the watchers, and no longer among the connections that at the limit have to make
/// room for each other.
struct WatcherConnection: Sendable {
  private let channel: any Channel
  private let client: HTTPClient

  /// - Throws: 503 when there are too many watchers, or an error when the connection is closed.
  init(_ channel: any Channel) async throws {
    let (client, passedLimit) = try await channel.eventLoop.submit {
      let handler = try channel.pipeline.syncOperations.handler(type: ConnectionGuard.self)
      guard let place = handler.beginWatching() else { throw ChannelError.ioOnClosedChannel }
      return place
    }.get()
    if let passedLimit { throw Problem.tooManyWatchers(limit: passedLimit) }
    self.channel = channel
    self.client = client
  }

  /// The connection goes on with other requests. One that is closed was counted out already.
  func endWatching() {
    channel.eventLoop.execute { [channel] in
      let handler = try? channel.pipeline.syncOperations.handler(type: ConnectionGuard.self)
      handler?.endWatching()
    }
  }

  func close(_ reason: HTTPCloseReason) {
    client.yield(reason)
  }
}
