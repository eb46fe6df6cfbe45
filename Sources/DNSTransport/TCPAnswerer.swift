// Answers the complete messages of a TCP stream, with the buffers of one event loop.

import NIOCore

/// Where the queries of a connection come from, and to.
struct TCPOrigin {
  /// The client's, in network order; empty when it was reset before it was accepted.
  var address: [UInt8] = []
  var port: UInt16 = 0
  /// Which of the server's addresses it came to.
  let listener: Int
}

/// The answerer of one event loop and its reused buffers. It may be used on that loop only.
final class TCPAnswerer {
  /// Messages of one call to the answerer.
  static let batchLimit = 64
  /// Octets of replies that one batch should not exceed. It is kept by making batches smaller once
  /// long replies were seen, since the size of a reply is known only when it is taken.
  static let batchReplySize = 64 * 1024
  /// Octets of one reply: all that its length can say.
  static let replyRoom = Int(UInt16.max)

  /// One cache line more than a power of two, else all rooms would fall into the same cache set.
  private static let roomStride = 64 * 1024 + 64

  let counters = TCPLoopCounters()
  private let answer: AnswerBatch
  private let exchanges: UnsafeMutablePointer<Exchange>
  /// 4 MiB of address space; pages that no reply reaches take no memory.
  private let replyOctets: UnsafeMutableRawPointer
  private var longestReply = 1

  init(_ answer: @escaping AnswerBatch) {
    self.answer = answer
    exchanges = .allocate(capacity: Self.batchLimit)
    replyOctets = .allocate(byteCount: Self.batchLimit * Self.roomStride, alignment: 64)
  }

  deinit {
    exchanges.deallocate()
    replyOctets.deallocate()
  }

  /// What follows the messages that were answered.
  enum Rest {
    /// Perhaps another whole message: the batch was full.
    case unknown
    case incomplete
    case malformed
  }

  /// Answers the first batch of `input` and takes it out. `replies` is nil when there are none.
  func answerBatch(
    of input: inout ByteBuffer, from origin: TCPOrigin, allocator: ByteBufferAllocator,
    whenDeferred: (Exchange) -> Void
  ) -> (queries: Int, replies: ByteBuffer?, rest: Rest) {
    var replies: ByteBuffer?
    let (count, consumed, rest) = input.withUnsafeReadableBytes { stream in
      origin.address.withUnsafeBytes { client in
        let found = collect(stream, from: client, origin)
        if found.count > 0 {
          let batch = UnsafeMutableBufferPointer(start: exchanges, count: found.count)
          answer(batch)
          replies = frame(batch, allocator)
          for exchange in batch where exchange.isDeferred { whenDeferred(exchange) }
        }
        return found
      }
    }
    input.moveReaderIndex(forwardBy: consumed)
    counters.queries.add(count)
    return (count, replies, rest)
  }

  /// Makes exchanges of the first messages of `stream`.
  private func collect(
    _ stream: UnsafeRawBufferPointer, from client: UnsafeRawBufferPointer, _ origin: TCPOrigin
  ) -> (count: Int, consumed: Int, rest: Rest) {
    let limit = min(Self.batchLimit, max(1, Self.batchReplySize / longestReply))
    var count = 0
    var consumed = 0
    while count < limit {
      switch TCPFrame(in: stream, at: consumed) {
      case .incomplete: return (count, consumed, .incomplete)
      case .malformed: return (count, consumed, .malformed)
      case .message(let range):
        exchanges[count] = Exchange(
          query: UnsafeRawBufferPointer(rebasing: stream[range]), client: client,
          clientPort: origin.port, listener: origin.listener,
          reply: UnsafeMutableRawBufferPointer(
            start: replyOctets + count * Self.roomStride, count: Self.replyRoom),
          transport: .tcp)
        count += 1
        consumed = range.upperBound
      }
    }
    return (count, consumed, .unknown)
  }

  /// The replies of `batch`, each with its length before it in the same buffer: two writes could
  /// become two segments (RFC 7766 section 8).
  private func frame(
    _ batch: UnsafeMutableBufferPointer<Exchange>, _ allocator: ByteBufferAllocator
  ) -> ByteBuffer? {
    var count = 0
    var size = 0
    for exchange in batch where exchange.replyLength > 0 {
      precondition(exchange.replyLength <= Self.replyRoom, "a reply beyond its room")
      longestReply = max(longestReply, exchange.replyLength)
      count += 1
      size += TCPFrame.lengthSize + exchange.replyLength
    }
    guard count > 0 else { return nil }
    counters.replies.add(count)
    var framed = allocator.buffer(capacity: size)
    for exchange in batch where exchange.replyLength > 0 {
      framed.writeInteger(UInt16(exchange.replyLength))
      framed.writeBytes(UnsafeRawBufferPointer(rebasing: exchange.reply[..<exchange.replyLength]))
    }
    return framed
  }
}
