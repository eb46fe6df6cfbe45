// Counts an HTTP connection in and out, and closes it when it has to go.

import DNSWire
import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Sees requests and replies, so it knows whether a client waits for the server or the server for
/// the client. It stands behind TLS where there is any, but counts from the TCP connection's
/// first moment, and closes at the TCP channel: a goodbye of TLS would wait for the client.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let connections: HTTPConnections
  private let head = PipelineHead()
  private var client: HTTPClient?
  private var isSurplus = false
  private var closeReason = HTTPCloseReason.ended
  /// Requests that are here as a whole, less replies that are written.
  private var unanswered = 0
  /// Replies that are written, less those that are on their way.
  private var unsent = 0
  /// A request that asks for another protocol is the connection's last: NIO parses nothing that
  /// comes after it, and would keep it all.
  private var isLastRequest = false
  private var isLastRequestHere = false
  private var sendTimer: Scheduled<Void>?

  init(_ connections: HTTPConnections) {
    self.connections = connections
  }

  func handlerAdded(context: ChannelHandlerContext) {
    // Only a pipeline that is closed already takes no handlers.
    try? context.pipeline.syncOperations.addHandler(head, position: .first)
  }

  func channelActive(context: ChannelHandlerContext) {
    let own = NIOLoopBound(self, eventLoop: context.eventLoop)
    let eventLoop = context.eventLoop
    let address = context.remoteAddress.flatMap { IPAddress($0) }
    let client = HTTPClient(address: address, now: .now()) { reason in
      eventLoop.execute { own.value.yield(reason) }
    }
    self.client = client
    switch connections.admit(client, now: .now()) {
    case .admitted: break
    case .surplus: isSurplus = true
    case .refused(let reason): close(reason)
    }
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    sendTimer?.cancel()
    sendTimer = nil
    if let client { connections.remove(client, wasSurplus: isSurplus, closeReason) }
    client = nil
    context.fireChannelInactive()
  }

  /// Makes room for another connection, unless a request has come meanwhile.
  private func yield(_ reason: HTTPCloseReason) {
    guard let client else { return }
    if reason.makesRoom, client.rank(at: .now(), connections.limits) == nil {
      connections.keep(client)
    } else {
      close(reason)
    }
  }

  private func close(_ reason: HTTPCloseReason) {
    if closeReason == .ended { closeReason = reason }
    head.close()
  }
}

// MARK: - Watchers

extension ConnectionGuard {
  /// Counts the connection among the watchers until ``endWatching()``.
  ///
  /// - Returns: nil when the connection is closed.
  func beginWatching() -> (HTTPClient, passedLimit: Int?)? {
    client.map { ($0, connections.beginWatching($0)) }
  }

  func endWatching() {
    if let client { connections.endWatching(client) }
  }
}

// MARK: - Requests and replies

extension ConnectionGuard {
  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isSurplus else {
      if case .head = unwrapInboundIn(data) { refuse(context) }
      return
    }
    switch unwrapInboundIn(data) {
    case .head(let request):
      isLastRequest = request.method == .connect || request.headerFields.contains(.upgrade)
    case .body(let octets):
      connections.noteReceived(octets.readableBytes)
    case .end:
      isLastRequestHere = isLastRequest
      unanswered += 1
      // Only what it takes of its replies moves the time of a client that is sent some.
      if unsent == 0 { noteState() }
    }
    context.fireChannelRead(data)
  }

  func read(context: ChannelHandlerContext) {
    if !isLastRequestHere { context.read() }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var response) where isLastRequestHere && unanswered == 1:
      response.headerFields[.connection] = "close"
      context.write(wrapOutboundOut(.head(response)), promise: promise)
    case .head:
      context.write(data, promise: promise)
    case .body(let octets):
      connections.noteSent(octets.readableBytes)
      context.write(data, promise: promise)
    case .end:
      writeEnd(context, data, promise)
    }
  }

  private func writeEnd(
    _ context: ChannelHandlerContext, _ data: NIOAny, _ promise: EventLoopPromise<Void>?
  ) {
    unanswered -= 1
    unsent += 1
    noteState()
    let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { [self] _ in
      unsent -= 1
      noteState()
      if isLastRequestHere, unanswered == 0, unsent == 0 { head.close() }
    }
    context.write(data, promise: promise)
  }

  private func noteState() {
    client?.set(
      unsent > 0 ? .sending : unanswered > 0 ? .beingAnswered : .waiting, since: .now())
  }

  /// All others are being answered: come again (RFC 9110 section 10.2.3).
  private func refuse(_ context: ChannelHandlerContext) {
    closeReason = .overload
    let reply = HTTPResponse(
      status: .serviceUnavailable,
      headerFields: [.retryAfter: "1", .connection: "close", .contentLength: "0"])
    context.write(wrapOutboundOut(.head(reply)), promise: nil)
    let sent = context.eventLoop.makePromise(of: Void.self)
    sent.futureResult.assumeIsolated().whenComplete { [head] _ in head.close() }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: sent)
  }
}

// MARK: - Clients that do not take their replies

extension ConnectionGuard {
  /// A channel is not writable from when it holds 64 KiB until it holds half of that.
  func channelWritabilityChanged(context: ChannelHandlerContext) {
    sendTimer?.cancel()
    sendTimer = nil
    if let client {
      if context.channel.isWritable {
        connections.setUnsent(0, of: client)
      } else {
        startSendTimer(context)
        // Whose reply has no end yet is one that waits from when it takes no more of it.
        if unsent == 0 { noteState() }
        let octets = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
        connections.setUnsent(octets ?? 0, of: client)
      }
    }
    context.fireChannelWritabilityChanged()
  }

  private func startSendTimer(_ context: ChannelHandlerContext) {
    let limit = TimeAmount.seconds(Int64(connections.limits.sendSeconds))
    sendTimer = context.eventLoop.assumeIsolated().scheduleTask(in: limit) { [self] in
      close(.notReading)
    }
  }
}

/// The place next to the socket, from where nothing stands between a connection and its end.
private final class PipelineHead: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = NIOAny

  private var context: ChannelHandlerContext?

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
  }

  func close() {
    context?.close(promise: nil)
  }
}
