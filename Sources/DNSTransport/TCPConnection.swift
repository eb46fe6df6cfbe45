// One DNS connection over TCP: bytes in, framed replies out (RFC 7766).

import DNSWire
import NIOCore

/// What others may tell a connection, as an inbound user event.
enum TCPOrder: Sendable {
  case close(TCPCloseReason)
  /// Answer what has come, then close.
  case finish(TCPCloseReason)
}

/// Answers each message when it is complete, in order, many in one write.
///
/// It reads only while all that it has read is answered and the client takes its replies: what has
/// come and can't be answered yet is at most one message and one read, what can't be sent yet at
/// most the high water mark, one batch and the deferred replies.
final class TCPConnection: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = Never
  typealias OutboundOut = ByteBuffer

  /// Octets of unsent replies at which reading and answering stop, and at which they go on.
  static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 32 * 1024, high: 64 * 1024)
  /// Deferred replies that a connection waits for, at which nothing more of it is read or answered;
  /// the batch that reaches it may bring as many again.
  static let awaitedLimit = 64

  private enum Phase {
    case open
    /// Nothing more is read; what has come is still answered.
    case finishing
    /// The last reply is written; the connection closes when it is sent.
    case closing
  }

  private let loop: TCPLoop
  private let connections: TCPConnections
  private var context: ChannelHandlerContext?
  private var client: TCPClient?
  private var origin: TCPOrigin

  /// What has come and is not answered.
  private var input = ByteBuffer()
  private var rest = TCPAnswerer.Rest.incomplete
  private var phase = Phase.open
  private var closeReason: TCPCloseReason?
  private var isAnswering = false
  private var isReadHeld = false
  /// Replies that are made elsewhere.
  private var awaited = 0
  /// When the client last made room for replies.
  private var lastWritable = NIODeadline.distantPast

  init(loop: TCPLoop, connections: TCPConnections, listener: Int) {
    self.loop = loop
    self.connections = connections
    origin = TCPOrigin(listener: listener)
  }
}

// MARK: - Life

extension TCPConnection {
  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    let address = context.remoteAddress?.ipAddress.flatMap { IPAddress($0) }
    origin.address = address?.octets ?? []
    origin.port = context.remoteAddress?.port.flatMap { UInt16(exactly: $0) } ?? 0
    let client = TCPClient(
      channel: context.channel, network: address.map { AddressPrefix(ofClient: $0) }, now: .now())
    self.client = client
    loop.add(self)
    if let refusal = connections.admit(client) {
      close(refusal)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    loop.remove(self)
    if let client { connections.remove(client, closeReason ?? .client) }
    client = nil
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case let event as ChannelEvent where event == .inputClosed: finish(.client)
    case TCPOrder.finish(let reason): finish(reason)
    case TCPOrder.close(let reason): close(reason)
    default: break
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    close(.client)
  }

  /// Closes the connection when it neither sent a complete query nor read since `time`.
  func closeIfUnused(since time: NIODeadline) {
    guard let client, client.lastQuery <= time, lastWritable <= time else { return }
    close(hasUnsentReplies ? .notReading : .idle)
  }

  private var hasUnsentReplies: Bool {
    let unsent = try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)
    return (unsent ?? 0) > 0
  }

  /// A client that shuts its side down after its queries still gets the replies.
  private func finish(_ reason: TCPCloseReason) {
    guard phase == .open else { return }
    phase = .finishing
    closeReason = closeReason ?? reason
    answerArrived()
  }

  private func close(_ reason: TCPCloseReason) {
    phase = .closing
    closeReason = closeReason ?? reason
    context?.close(promise: nil)
  }

  private func closeWhenSent() {
    guard let context else { return }
    phase = .closing
    let sent = context.eventLoop.makePromise(of: Void.self)
    sent.futureResult.assumeIsolated().whenComplete { [self] _ in
      self.context?.close(promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: sent)
  }
}

// MARK: - Reading

extension TCPConnection {
  func read(context: ChannelHandlerContext) {
    if mayRead {
      context.read()
    } else {
      isReadHeld = true
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard phase == .open else { return }
    var arrived = unwrapInboundIn(data)
    if input.readableBytes == 0 {
      input = arrived
    } else {
      input.discardReadBytes()
      input.writeBuffer(&arrived)
    }
    rest = .unknown
    answerArrived()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    guard context.channel.isWritable else { return }
    lastWritable = .now()
    answerArrived()
  }

  private var mayRead: Bool {
    guard let context, case .incomplete = rest else { return false }
    return phase == .open && mayAnswer(context)
  }

  private func mayAnswer(_ context: ChannelHandlerContext) -> Bool {
    context.channel.isWritable && awaited < Self.awaitedLimit
  }

  private func releaseHeldRead() {
    guard isReadHeld, mayRead, let context else { return }
    isReadHeld = false
    context.read()
  }
}

// MARK: - Answering

extension TCPConnection {
  /// Answers what is complete as long as the client takes replies, and flushes once.
  private func answerArrived() {
    // A flush may call back when it makes the channel writable.
    guard let context, phase != .closing, !isAnswering else { return }
    isAnswering = true
    repeat {
      guard mayAnswer(context) else { break }
      answerBatch(context)
    } while rest == .unknown
    context.flush()
    isAnswering = false
    goOn(context)
  }

  private func answerBatch(_ context: ChannelHandlerContext) {
    let batch = loop.answerBatch(
      of: &input, from: origin, allocator: context.channel.allocator, whenDeferred: handOver)
    rest = batch.rest
    if batch.queries > 0 { client?.lastQuery = .now() }
    if let replies = batch.replies {
      context.write(wrapOutboundOut(replies), promise: nil)
    }
    if input.readableBytes == 0 { input = ByteBuffer() }
  }

  private func goOn(_ context: ChannelHandlerContext) {
    switch rest {
    case .malformed:
      closeReason = closeReason ?? .malformed
      closeWhenSent()
    case .incomplete where phase == .finishing:
      if awaited == 0 { closeWhenSent() }
    case .incomplete:
      releaseHeldRead()
    case .unknown where mayAnswer(context):
      // The client reads as fast as it is answered: the other connections of the loop come first.
      context.eventLoop.assumeIsolated().execute { [self] in answerArrived() }
    case .unknown:
      break
    }
  }
}

// MARK: - Deferred replies

extension TCPConnection {
  /// Hands a query over whose reply may come after those to later queries (RFC 7766 section 7).
  private func handOver(_ exchange: Exchange) {
    guard let takeDeferred = loop.takeDeferred else { return }
    awaited += 1
    let way = NIOLoopBound(self, eventLoop: loop.eventLoop)
    let eventLoop = loop.eventLoop
    takeDeferred(
      DeferredQuery(exchange) { octets in
        eventLoop.execute { way.value.send(octets) }
      })
  }

  private func send(_ reply: [UInt8]) {
    awaited -= 1
    guard let context, phase != .closing else { return }
    if !reply.isEmpty {
      var framed = context.channel.allocator.buffer(capacity: TCPFrame.lengthSize + reply.count)
      framed.writeInteger(UInt16(reply.count))
      framed.writeBytes(reply)
      context.writeAndFlush(wrapOutboundOut(framed), promise: nil)
    }
    goOn(context)
  }
}
