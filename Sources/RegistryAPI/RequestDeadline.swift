// The time that a request may take to arrive.

import NIOCore
import NIOHTTPTypes

/// Closes the connection of a client that has begun a request and does not end it in time.
///
/// A connection's first request begins with the connection, so one that never brings any, or does
/// not end its handshake of TLS, does not stay. Hummingbird's own time limit begins anew with every
/// piece of a body; this one does not. A timer is not cancelled when a request is here: it looks,
/// when it is due, whether another has begun.
final class RequestDeadline: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart

  private let limit: TimeAmount
  /// When the request that is arriving must be here; nil between requests.
  private var deadline: NIODeadline?
  private var timer: Scheduled<Void>?
  /// Whether what was read last ended a request, so that nothing of another one is here.
  private var isBetweenRequests = false

  init(seconds: Int) {
    limit = .seconds(Int64(seconds))
  }

  func channelActive(context: ChannelHandlerContext) {
    begin(context)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .end = unwrapInboundIn(data) {
      deadline = nil
      isBetweenRequests = true
    } else {
      isBetweenRequests = false
      begin(context)
    }
    context.fireChannelRead(data)
  }

  /// Octets have come, perhaps too few to be a request's head.
  func channelReadComplete(context: ChannelHandlerContext) {
    if !isBetweenRequests { begin(context) }
    isBetweenRequests = false
    context.fireChannelReadComplete()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
  }

  private func begin(_ context: ChannelHandlerContext) {
    guard deadline == nil else { return }
    let deadline = context.eventLoop.now + limit
    self.deadline = deadline
    if timer == nil { startTimer(context, until: deadline) }
  }

  private func startTimer(_ context: ChannelHandlerContext, until time: NIODeadline) {
    timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: time) { [self] in
      timer = nil
      guard let deadline else { return }
      if deadline <= context.eventLoop.now {
        context.channel.close(promise: nil)
      } else {
        startTimer(context, until: deadline)
      }
    }
  }
}
