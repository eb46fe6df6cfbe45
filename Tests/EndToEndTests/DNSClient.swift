// A DNS client that asks from a fresh socket each time. It blocks.

import DNSWire
import TestSupport

struct DNSClient: Sendable {
  let port: UInt16

  func ask(
    _ name: String, _ type: RecordType, over kind: LoopbackSocket.Kind = .udp
  ) throws -> Message {
    try ask(QueryMessage(name, type), over: kind)
  }

  func ask(_ query: QueryMessage, over kind: LoopbackSocket.Kind = .udp) throws -> Message {
    let query = query.octets
    let socket = try LoopbackSocket(kind, port: port)
    let reply: [UInt8]
    switch kind {
    case .udp:
      try socket.send(query)
      reply = try socket.receive()
    case .tcp:
      try socket.send([UInt8(query.count >> 8), UInt8(query.count & 0xFF)] + query)
      let length = try socket.receive(exactly: 2)
      reply = try socket.receive(exactly: Int(length[0]) << 8 | Int(length[1]))
    }
    return try Message(reply)
  }
}
