// HTTP inside TLS.

import HummingbirdCore
import Logging
import NIOCore
import NIOSSL

/// What Hummingbird does with a connection, after a TLS handshake with the credentials in force.
struct TLSChannel: ServerChildChannel {
  let http: HTTP1Channel
  let credentials: TLSCredentials

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
    channel.eventLoop.makeCompletedFuture {
      try channel.pipeline.syncOperations.addHandler(
        NIOSSLServerHandler(context: credentials.context))
    }.flatMap {
      http.setup(channel: channel, logger: logger)
    }
  }

  func handle(value: HTTP1Channel.Value, logger: Logger) async {
    await http.handle(value: value, logger: logger)
  }
}
