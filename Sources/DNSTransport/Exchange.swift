// One query and the room for its reply: what the transports hand to whoever answers.

/// How a query came and its reply goes.
package enum Transport: String, Sendable, CaseIterable {
  case udp
  case tcp
}

/// One query that arrived and the room for its reply. The pointers are valid only during the call.
package struct Exchange {
  /// Octets of a message header (RFC 1035 section 4.1.1): no query handed on is shorter.
  package static let shortestQuery = 12

  /// The message as it came, without TCP's length; its content is unchecked.
  package let query: UnsafeRawBufferPointer
  /// The address that the query came from, 4 or 16 octets in network order.
  package let client: UnsafeRawBufferPointer
  package let clientPort: UInt16
  /// Which of ``DNSServer/boundAddresses`` it came to.
  package let listener: Int
  /// Room for the reply: ``UDPBatch/replyRoom`` octets over UDP, 65,535 over TCP. Uninitialised.
  package let reply: UnsafeMutableRawBufferPointer
  package let transport: Transport
  /// Whether the UDP reception that brought it was full, so that more is likely to wait.
  package let isReceptionFull: Bool
  /// Octets of `reply` that the answerer has written; 0 means that no reply is sent, less that it
  /// is deferred.
  package var replyLength = 0

  package init(
    query: UnsafeRawBufferPointer, client: UnsafeRawBufferPointer, clientPort: UInt16,
    listener: Int, reply: UnsafeMutableRawBufferPointer, transport: Transport,
    isReceptionFull: Bool = false
  ) {
    self.query = query
    self.client = client
    self.clientPort = clientPort
    self.listener = listener
    self.reply = reply
    self.transport = transport
    self.isReceptionFull = isReceptionFull
  }
}

/// Answers a whole receive batch by setting each exchange's reply. It is made once for each thread,
/// called and dropped on that thread only, and must not block.
package typealias AnswerBatch = (UnsafeMutableBufferPointer<Exchange>) -> Void

/// Makes the answerer of the calling thread. What it throws ends ``DNSServer/start()``.
package typealias MakeAnswerer = @Sendable () throws -> AnswerBatch
