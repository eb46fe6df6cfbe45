// One listener of the HTTP API.

import DNSWire
import Glibc
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// Listens on one address; several share one ``RegistryAPI``.
///
/// A graceful shutdown (of swift-service-lifecycle) closes idle connections, lets requests under
/// way be answered, and then ends ``run()``.
package struct APIServer: Sendable {
  let api: RegistryAPI
  let host: String
  let port: Int
  /// Nil serves HTTP as it is.
  let tls: TLSCredentials?
  let onListening: @Sendable (_ port: Int) async -> Void
  let logger: Logger

  /// Serves until it is shut down or cancelled.
  ///
  /// - Throws: ``APIServerError`` when the address can't be listened on.
  package func run() async throws {
    do {
      try await application.run()
    } catch let error as IOError {
      throw APIServerError(
        host: host, port: port, reason: String(cString: strerror(error.errnoCode)))
    } catch let error as SocketAddressError {
      throw APIServerError(host: host, port: port, reason: "\(error)")
    }
  }

  private var application: Application<CallbackResponder<Peer>> {
    var logger = logger
    // What Hummingbird says at "info" about its own start and stop says the program itself.
    logger.logLevel = max(logger.logLevel, .notice)
    return Application(
      responder: CallbackResponder { try await api.respond(to: $0, from: $1) },
      server: builder,
      configuration: ApplicationConfiguration(
        address: .hostname(host, port: port), backlog: APILimits.backlog),
      onServerRunning: { await onListening($0.localAddress?.port ?? port) },
      logger: logger)
  }

  private var builder: HTTPServerBuilder {
    guard let tls else { return .http1(configuration: connections) }
    return HTTPServerBuilder { responder in
      TLSChannel(
        http: HTTP1Channel(responder: responder, configuration: connections), credentials: tls)
    }
  }

  private var connections: HTTP1Channel.Configuration {
    HTTP1Channel.Configuration(
      additionalChannelHandlers: [
        ConnectionGuard(api.connections),
        RequestDeadline(seconds: api.connections.limits.requestSeconds),
        InputEnd(),
      ],
      idleTimeout: .seconds(Int64(APILimits.idleSeconds)),
      httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
        maxHeaderFieldSize: APILimits.headLength, maxHeaderListSize: APILimits.headLength,
        maxHeaderFieldCount: APILimits.headerFields))
  }
}

/// The address can't be listened on.
package struct APIServerError: Error, Equatable, CustomStringConvertible {
  package let host: String
  package let port: Int
  package let reason: String

  package var description: String {
    let host = host.contains(":") ? "[\(host)]" : host
    return "can't listen for HTTP on \(host):\(port): \(reason)"
  }
}

/// Both ends of the connection that a request came on.
struct Peer: InitializableFromSource {
  /// Who sent the request: the socket's word, never a proxy's header's.
  let address: IPAddress?
  /// Where it was sent to.
  let localAddress: IPAddress?
  private let channel: (any Channel)?

  init(source: ApplicationRequestContextSource) {
    address = source.channel.remoteAddress.flatMap { IPAddress($0) }
    localAddress = source.channel.localAddress.flatMap { IPAddress($0) }
    channel = source.channel
  }

  init(address: IPAddress?, localAddress: IPAddress?) {
    self.address = address
    self.localAddress = localAddress
    channel = nil
  }

  /// Does `body` when the client sends no more: for replies that take long.
  func whenGone(_ body: @escaping @Sendable () -> Void) {
    guard let channel else { return }
    channel.eventLoop.execute {
      // A connection that is closed has no handlers any more.
      guard let end = try? channel.pipeline.syncOperations.handler(type: InputEnd.self) else {
        return body()
      }
      end.whenEnded(body)
    }
  }

  /// Has the connection counted among those that watch, beside all others.
  ///
  /// - Throws: 503 when there are too many of these.
  func watch() async throws -> WatcherConnection {
    guard let channel else { throw ChannelError.ioOnClosedChannel }
    return try await WatcherConnection(channel)
  }
}

extension IPAddress {
  /// A socket's address; nil for what is no IP address.
  init?(_ address: SocketAddress) {
    guard case .v4 = address else {
      guard let text = address.ipAddress else { return nil }
      self.init(text)
      return
    }
    // Where sockaddr_in keeps it: nearly every request needs two, and reading text takes longer.
    self = address.withSockAddr { form, _ in
      IPAddress(from: UnsafeRawPointer(form) + 4, isV4: true)
    }
  }
}
