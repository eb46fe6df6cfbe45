// The channel of one question: sends it, and takes the reply out of what comes.

import DNSWire
import NIOCore

/// Ignores what is not the reply to its query: a guess, or one that comes late (RFC 5452
/// section 9.1).
final class ReplyReceiver: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let query: [UInt8]
  private let reply: EventLoopPromise<Reply>

  init(_ query: [UInt8], _ reply: EventLoopPromise<Reply>) {
    self.query = query
    self.reply = reply
  }

  func channelActive(context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: query)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard let reply = try? Reply(Array(unwrapInboundIn(data).readableBytesView)),
      reply.answers(query)
    else { return }
    self.reply.succeed(reply)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    reply.fail(error)
  }

  func channelInactive(context: ChannelHandlerContext) {
    reply.fail(DNSExchange.Failure.lost("the connection was closed before the reply"))
  }
}

/// Takes datagrams out of their envelopes.
final class DatagramContent: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias InboundOut = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.fireChannelRead(wrapInboundOut(unwrapInboundIn(data).data))
  }
}

/// Messages of a stream, each with its length before it (RFC 1035 section 4.2.2).
final class MessageFraming: ByteToMessageDecoder, MessageToByteEncoder {
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer

  func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) -> DecodingState {
    guard let message = buffer.readLengthPrefixedSlice(as: UInt16.self) else {
      return .needMoreData
    }
    context.fireChannelRead(wrapInboundOut(message))
    return .continue
  }

  func encode(data: ByteBuffer, out: inout ByteBuffer) throws {
    try out.writeLengthPrefixed(as: UInt16.self) { $0.writeImmutableBuffer(data) }
  }
}
