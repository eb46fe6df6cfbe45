// Where the messages of a TCP stream begin and end (RFC 1035 section 4.2.2).

/// What stands at one place of a stream.
enum TCPFrame {
  /// Octets of a message's length.
  static let lengthSize = 2

  /// A whole message at this range, its length not included.
  case message(Range<Int>)
  /// The rest of the message has not come yet.
  case incomplete
  /// A message too short for a header: what follows can't be trusted either.
  case malformed

  init(in stream: UnsafeRawBufferPointer, at start: Int) {
    guard stream.count - start >= Self.lengthSize else {
      self = .incomplete
      return
    }
    let length = Int(stream[start]) << 8 | Int(stream[start + 1])
    let first = start + Self.lengthSize
    if length < Exchange.shortestQuery {
      self = .malformed
    } else if stream.count - first < length {
      self = .incomplete
    } else {
      self = .message(first..<first + length)
    }
  }
}
