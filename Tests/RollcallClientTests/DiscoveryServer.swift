// A DNS server on loopback that does to each query what a test tells it.

import DNSWire
import NIOCore
import NIOPosix
import Synchronization
import TestSupport

/// A query that has arrived, and the way back.
struct ScriptedQuery: Sendable {
  let octets: [UInt8]
  let isTCP: Bool
  /// The port that it came from.
  let source: Int?
  /// Which of the server's queries it is, from 1 on.
  let number: Int
  /// Sends a message to where the query came from.
  let send: @Sendable ([UInt8]) -> Void

  var name: String {
    (try? DomainName(wire: Array(octets[Header.length..<nameEnd])))?.description ?? ""
  }
  var type: RecordType { RecordType(rawValue: octets.span.uint16(at: nameEnd)) }
  var id: UInt16 { octets.span.uint16(at: 0) }

  private var nameEnd: Int { octets.withUnsafeBytes { $0.endOfName(from: Header.length) } }

  /// Sends the reply with the question and what `change` makes of it.
  func reply(_ change: (inout ReplyMessage) -> Void) {
    var message = ReplyMessage(to: octets)
    message.flags |= HeaderFlags.authoritative
    change(&message)
    send(message.octets)
  }
}

final class DiscoveryServer: Sendable {
  typealias Script = @Sendable (ScriptedQuery) -> Void

  private let channels: [any Channel]
  let port: Int
  private let seen: QueryList

  /// On UDP and TCP, at a port that the kernel picks for both.
  init(on host: String = "127.0.0.1", _ script: @escaping Script) async throws {
    let seen = QueryList()
    let group = MultiThreadedEventLoopGroup.singleton
    var found: [any Channel] = []
    // Another's TCP port may have the number that UDP was given.
    for _ in 0..<20 where found.isEmpty {
      let udp = try await DatagramBootstrap(group: group)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(ScriptedDatagrams(seen, script))
          }
        }
        .bind(host: host, port: 0).get()
      let tcp = try? await ServerBootstrap(group: group)
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(ScriptedStream(seen, script))
          }
        }
        .bind(host: host, port: udp.localAddress?.port ?? 0).get()
      if let tcp { found = [udp, tcp] } else { try await udp.close() }
    }
    guard let port = found.first?.localAddress?.port else { throw Failure("no port") }
    (channels, self.port, self.seen) = (found, port, seen)
  }

  deinit { for channel in channels { channel.close(promise: nil) } }

  var address: String { "127.0.0.1:\(port)" }
  var queries: [ScriptedQuery] { seen.all }
}

final class QueryList: Sendable {
  private let list = Mutex<[ScriptedQuery]>([])

  var all: [ScriptedQuery] { list.withLock { $0 } }

  func add(
    _ octets: [UInt8], isTCP: Bool, from source: SocketAddress?,
    send: @escaping @Sendable ([UInt8]) -> Void
  ) -> ScriptedQuery {
    list.withLock { list in
      list.append(
        ScriptedQuery(
          octets: octets, isTCP: isTCP, source: source?.port, number: list.count + 1, send: send))
      return list[list.count - 1]
    }
  }
}

private final class ScriptedDatagrams: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let seen: QueryList
  private let script: DiscoveryServer.Script

  init(_ seen: QueryList, _ script: @escaping DiscoveryServer.Script) {
    (self.seen, self.script) = (seen, script)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    let channel = context.channel
    let query = seen.add(
      Array(envelope.data.readableBytesView), isTCP: false, from: envelope.remoteAddress
    ) { message in
      let reply = AddressedEnvelope(
        remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: message))
      channel.writeAndFlush(reply, promise: nil)
    }
    script(query)
  }
}

private final class ScriptedStream: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let seen: QueryList
  private let script: DiscoveryServer.Script
  private var received = ByteBuffer()

  init(_ seen: QueryList, _ script: @escaping DiscoveryServer.Script) {
    (self.seen, self.script) = (seen, script)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    received.writeImmutableBuffer(unwrapInboundIn(data))
    let channel = context.channel
    while let query = received.readLengthPrefixedSlice(as: UInt16.self) {
      let query = seen.add(
        Array(query.readableBytesView), isTCP: true, from: channel.remoteAddress
      ) { message in
        var framed: [UInt8] = []
        framed.append(bigEndian: UInt16(message.count))
        channel.writeAndFlush(ByteBuffer(bytes: framed + message), promise: nil)
      }
      script(query)
    }
  }
}
