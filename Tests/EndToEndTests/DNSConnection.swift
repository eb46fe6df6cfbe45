// A client's DNS connection over TCP, in parts: what it sends and receives, and when. It blocks.

import DNSWire
import TestSupport

final class DNSConnection {
  private let socket: LoopbackSocket

  init(port: UInt16, from source: UInt8 = 1, receiveBuffer: Int32? = nil) throws {
    socket = try LoopbackSocket(.tcp, port: port, from: source, receiveBuffer: receiveBuffer)
  }

  /// `message` with its length before it (RFC 1035 section 4.2.2).
  static func framed(_ message: [UInt8]) -> [UInt8] {
    [UInt8(message.count >> 8), UInt8(message.count & 0xFF)] + message
  }

  func send(_ octets: [UInt8]) throws { try socket.send(octets) }

  func send(_ query: QueryMessage) throws { try send(Self.framed(query.octets)) }

  func endSending() { socket.endSending() }

  func isEnded() -> Bool { socket.isEnded() }

  func receive() throws -> Message {
    let length = try socket.receive(exactly: 2)
    return try Message(try socket.receive(exactly: Int(length[0]) << 8 | Int(length[1])))
  }

  func ask(_ query: QueryMessage) throws -> Message {
    try send(query)
    return try receive()
  }
}
