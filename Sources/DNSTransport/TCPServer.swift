// DNS over TCP on SwiftNIO: the event loops and the listening sockets.

import NIOCore
import NIOPosix

/// Serves TCP on sockets that listen already.
final class TCPServer: Sendable {
  /// How long a stopping server waits for queries that are on their way through this machine.
  private static let arrivalTime = TimeAmount.milliseconds(10)
  /// How long a stopping server waits for clients to take their replies.
  private static let finishTime = TimeAmount.seconds(2)

  private let group: MultiThreadedEventLoopGroup
  private let loops: [TCPLoop]
  private let listening: [any Channel]
  private let connections: TCPConnections

  private init(
    group: MultiThreadedEventLoopGroup, loops: [TCPLoop], listening: [any Channel],
    connections: TCPConnections
  ) {
    self.group = group
    self.loops = loops
    self.listening = listening
    self.connections = connections
  }

  /// Takes the sockets over and accepts on them with `threads` event loops.
  static func start(
    _ sockets: [BoundSocket], threads: Int, limits: TCPLimits,
    _ makeAnswerer: @escaping MakeAnswerer, _ takeDeferred: TakeDeferred?
  ) async throws(TransportError) -> TCPServer {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
    let connections = TCPConnections(limits: limits)
    var loops: [TCPLoop] = []
    var listening: [any Channel] = []
    do {
      for loop in group.makeIterator() {
        loops.append(
          try await loop.submit {
            try TCPLoop(eventLoop: loop, limits: limits, makeAnswerer, takeDeferred)
          }.get())
      }
      for (listener, socket) in sockets.enumerated() {
        listening.append(
          try await accept(on: socket, bootstrap(group, loops, connections, listener)))
      }
    } catch {
      let server = TCPServer(
        group: group, loops: loops, listening: listening, connections: connections)
      await server.shutdown()
      throw .cannotStart(reason: "\(error)")
    }
    return TCPServer(group: group, loops: loops, listening: listening, connections: connections)
  }

  /// Stops accepting, answers what has come, closes everything and ends the event loops.
  func shutdown() async {
    for channel in listening { try? await channel.close().get() }
    await finishConnections()
    for loop in loops { try? await loop.eventLoop.submit { loop.end() }.get() }
    try? await group.shutdownGracefully()
  }

  /// Returns when every event loop has found time for this, or has ended.
  func waitForLoops() async {
    for loop in loops { try? await loop.eventLoop.submit {}.get() }
  }

  var counters: TCPCounters {
    var sum = TCPCounters()
    connections.add(to: &sum)
    for loop in loops { loop.counters.add(to: &sum) }
    return sum
  }
}

extension TCPServer {
  private static func bootstrap(
    _ group: MultiThreadedEventLoopGroup, _ loops: [TCPLoop], _ connections: TCPConnections,
    _ listener: Int
  ) -> ServerBootstrap {
    let loopOfEventLoop = Dictionary(
      uniqueKeysWithValues: loops.map { (ObjectIdentifier($0.eventLoop), $0) })
    return ServerBootstrap(group: group)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.writeBufferWaterMark, value: TCPConnection.waterMark)
      // What is read must be answered before more is read.
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let loop = loopOfEventLoop[ObjectIdentifier(channel.eventLoop)] else {
            preconditionFailure("a connection on an event loop of another group")
          }
          try channel.pipeline.syncOperations.addHandler(
            TCPConnection(loop: loop, connections: connections, listener: listener))
        }
      }
  }

  private static func accept(
    on socket: BoundSocket, _ bootstrap: ServerBootstrap
  ) async throws -> any Channel {
    let descriptor = socket.release()
    let channel = try await bootstrap.withBoundSocket(descriptor).get()
    // NIO has just listened with a backlog of its own.
    BoundSocket.listen(descriptor)
    return channel
  }

  /// All connections answer what they have read and close; those that can't are closed in the end.
  private func finishConnections() async {
    guard let loop = loops.first?.eventLoop else { return }
    try? await loop.scheduleTask(in: Self.arrivalTime) {}.futureResult.get()
    let clients = connections.close()
    for client in clients {
      client.channel.pipeline.fireUserInboundEventTriggered(TCPOrder.finish(.shutdown))
    }
    let deadline = loop.scheduleTask(in: Self.finishTime) {
      for client in clients { client.channel.close(promise: nil) }
    }
    let closed = clients.map(\.channel.closeFuture)
    try? await EventLoopFuture.andAllComplete(closed, on: loop).get()
    deadline.cancel()
  }
}
