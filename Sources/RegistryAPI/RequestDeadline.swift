// The time that a request may take to arrive.

import NIOCore
import NIOHTTPTypes

/// Closes the connection of a client that has begun a request and does not end it in time.
///
/// Hummingbird's own time limit begins anew with every piece of a body; this one does not.
final class RequestDeadline: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart

  private let limit: TimeAmount
  private var closing: Scheduled<Void>?
  /// Whether what was read last ended a request, so that nothing of another one is here.
  private var isBetweenRequests = false

  init(seconds: Int) {
    limit = .seconds(Int64(seconds))
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .end = unwrapInboundIn(data) {
      closing?.cancel()
      closing = nil
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
    closing?.cancel()
  }

  private func begin(_ context: ChannelHandlerContext) {
    guard closing == nil else { return }
    let channel = context.channel
    closing = context.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
  }
}
