// One question to one server, and its reply.

package import DNSWire
import Glibc
import NIOCore
import NIOPosix

/// Asks over UDP from a new socket, whose port the kernel draws, and over TCP where the reply is
/// truncated (RFC 7766 section 5).
package struct DNSExchange: Sendable {
  package enum Failure: Error, CustomStringConvertible {
    case silent(Duration)
    case lost(String)

    package var description: String {
      switch self {
      case .silent(let time): "no reply within \(time)"
      case .lost(let reason): reason
      }
    }
  }

  /// For a reply, over each of the two transports.
  package let timeout: Duration
  private let group = MultiThreadedEventLoopGroup.singleton

  package init(timeout: Duration) {
    self.timeout = timeout
  }

  package func ask(
    _ question: DNSQuestion, _ server: NameServer
  ) async throws(Failure) -> Reply {
    let reply = try await receive(Self.query(question), from: server, overTCP: false)
    guard reply.isTruncated else { return reply }
    let whole = try await receive(Self.query(question), from: server, overTCP: true)
    guard !whole.isTruncated else { throw .lost("a truncated reply over TCP") }
    return whole
  }

  private static func query(_ question: DNSQuestion) -> [UInt8] {
    var random = SystemRandomNumberGenerator()
    return question.message(id: .random(in: .min ... .max, using: &random))
  }

  private func receive(
    _ query: [UInt8], from server: NameServer, overTCP isTCP: Bool
  ) async throws(Failure) -> Reply {
    let loop = group.next()
    let reply = loop.makePromise(of: Reply.self)
    let silence = loop.scheduleTask(in: TimeAmount(timeout)) { reply.fail(Failure.silent(timeout)) }
    let connection =
      isTCP ? connectTCP(query, server, loop, reply) : connectUDP(query, server, loop, reply)
    connection.cascadeFailure(to: reply)
    reply.futureResult.whenComplete { _ in
      silence.cancel()
      connection.whenSuccess { $0.close(promise: nil) }
    }
    do {
      return try await reply.futureResult.get()
    } catch let failure as Failure {
      throw failure
    } catch {
      throw .lost((error as? IOError).map(\.reason) ?? "\(error)")
    }
  }

  private func connectUDP(
    _ query: [UInt8], _ server: NameServer, _ loop: any EventLoop, _ reply: EventLoopPromise<Reply>
  ) -> EventLoopFuture<any Channel> {
    // A connected socket takes datagrams of this server only.
    DatagramBootstrap(group: loop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers(
            DatagramContent(), ReplyReceiver(query, reply))
        }
      }
      .connect(to: server.address)
  }

  private func connectTCP(
    _ query: [UInt8], _ server: NameServer, _ loop: any EventLoop, _ reply: EventLoopPromise<Reply>
  ) -> EventLoopFuture<any Channel> {
    ClientBootstrap(group: loop)
      .connectTimeout(TimeAmount(timeout))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers(
            ByteToMessageHandler(MessageFraming()), MessageToByteHandler(MessageFraming()),
            ReplyReceiver(query, reply))
        }
      }
      .connect(to: server.address)
  }
}

extension IOError {
  fileprivate var reason: String { String(cString: strerror(errnoCode)) }
}
