// An HTTP server that behaves as badly as it is told.

package import NIOCore
package import NIOHTTP1
import NIOPosix
import Synchronization

/// Serves HTTP on a port of 127.0.0.1 that the kernel chose, the same one after it was dead for a
/// while.
package final class LoopbackServer: Sendable {
  package struct Request: Sendable {
    package let head: HTTPRequestHead
    package let body: [UInt8]
  }

  package enum Action: Sendable {
    case reply(Int, headers: [(String, String)] = [], body: String = "")
    /// Reply later.
    case late(TimeAmount, body: String)
    /// Reply nothing and keep the connection.
    case silence
    /// Close the connection without a reply.
    case disconnect
  }

  private struct State {
    var listener: (any Channel)?
    var connections: [ObjectIdentifier: any Channel] = [:]
  }

  package var port: Int { chosenPort.load(ordering: .relaxed) }
  /// 0 until it listens for the first time.
  private let chosenPort = Atomic(0)
  private let respond: @Sendable (Request) -> Action
  private let state = Mutex(State())

  package static func start(
    respond: @escaping @Sendable (Request) -> Action
  ) async throws -> LoopbackServer {
    let server = LoopbackServer(respond)
    try await server.revive()
    return server
  }

  private init(_ respond: @escaping @Sendable (Request) -> Action) {
    self.respond = respond
  }

  /// Listens again.
  package func revive() async throws {
    let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(.backlog, value: 1_024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        self.keep(channel)
        return channel.pipeline.configureHTTPServerPipeline().flatMapThrowing {
          try channel.pipeline.syncOperations.addHandler(RequestHandler(self.respond))
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
    chosenPort.store(listener.localAddress?.port ?? 0, ordering: .relaxed)
    state.withLock { $0.listener = listener }
  }

  private func keep(_ channel: any Channel) {
    let id = ObjectIdentifier(channel)
    state.withLock { $0.connections[id] = channel }
    channel.closeFuture.whenComplete { _ in
      self.state.withLock { _ = $0.connections.removeValue(forKey: id) }
    }
  }

  /// Closes the port and every connection.
  package func die() async {
    let (listener, connections) = state.withLock { state in
      defer { state.listener = nil }
      return (state.listener, Array(state.connections.values))
    }
    try? await listener?.close()
    for connection in connections { try? await connection.close() }
  }
}

/// Collects a request and does what the server wants.
private final class RequestHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let respond: @Sendable (LoopbackServer.Request) -> LoopbackServer.Action
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []

  init(_ respond: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Action) {
    self.respond = respond
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): self.head = head
    case .body(let octets): body += Array(octets.readableBytesView)
    case .end:
      guard let head else { return }
      let request = LoopbackServer.Request(head: head, body: body)
      (self.head, body) = (nil, [])
      act(respond(request), context)
    }
  }

  private func act(_ action: LoopbackServer.Action, _ context: ChannelHandlerContext) {
    switch action {
    case .silence: break
    case .disconnect: context.close(promise: nil)
    case .reply(let status, let headers, let body): reply(status, headers, body, context)
    case .late(let delay, let body):
      context.eventLoop.assumeIsolated().scheduleTask(in: delay) {
        self.reply(200, [], body, context)
      }
    }
  }

  private func reply(
    _ status: Int, _ headers: [(String, String)], _ body: String,
    _ context: ChannelHandlerContext
  ) {
    guard context.channel.isActive else { return }
    let fields = HTTPHeaders(headers + [("Content-Length", "\(body.utf8.count)")])
    let head = HTTPResponseHead(
      version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: fields)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    let octets = context.channel.allocator.buffer(string: body)
    context.write(wrapOutboundOut(.body(.byteBuffer(octets))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
