// Noticing that a client sends no more, while its reply takes long.

import NIOCore
import NIOHTTPTypes

/// Tells who waits on behalf of a client that nothing more comes from it: it has gone away. As a
/// connection may be closed in one direction only, its channel stays open then.
final class InputEnd: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart

  private var hasEnded = false
  /// Of the request that is under way: there is one at a time.
  private var waiting: (@Sendable () -> Void)?

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event as? ChannelEvent == .inputClosed { end() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  /// Does `body` when the input ends, in the place of what another request has asked for.
  func whenEnded(_ body: @escaping @Sendable () -> Void) {
    if hasEnded { body() } else { waiting = body }
  }

  private func end() {
    hasEnded = true
    waiting?()
    waiting = nil
  }
}
