// What the TCP connections of one event loop share.

import NIOCore

/// The answerer of one event loop and the watch over its connections.
///
/// Unchecked: all but `eventLoop` and `counters` is touched on that event loop only, which every
/// method checks; it is Sendable so that the loop can be handed its own state.
final class TCPLoop: @unchecked Sendable {
  /// Looks at the idle connections in each ``TCPLimits/idle``: one is closed late by at most this
  /// part of it. Nothing is done for a query but to note its time.
  private static let sweepsPerIdleTime: Int64 = 10

  let eventLoop: any EventLoop
  let counters: TCPLoopCounters
  private let idle: TimeAmount
  /// Takes what the answerer defers; nil where it defers nothing.
  let takeDeferred: TakeDeferred?
  private var answerer: TCPAnswerer?
  private var connections: [ObjectIdentifier: TCPConnection] = [:]
  private var sweeping: RepeatedTask?

  /// Makes the answerer of the calling event loop.
  init(
    eventLoop: any EventLoop, limits: TCPLimits, _ makeAnswerer: MakeAnswerer,
    _ takeDeferred: TakeDeferred?
  ) throws {
    eventLoop.preconditionInEventLoop()
    let answerer = TCPAnswerer(try makeAnswerer())
    self.eventLoop = eventLoop
    self.answerer = answerer
    self.takeDeferred = takeDeferred
    self.counters = answerer.counters
    self.idle = TimeAmount(limits.idle)
    let interval = TimeAmount.nanoseconds(max(1, idle.nanoseconds / Self.sweepsPerIdleTime))
    sweeping = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) {
      [unowned self] _ in sweep()
    }
  }

  func add(_ connection: TCPConnection) {
    eventLoop.preconditionInEventLoop()
    connections[ObjectIdentifier(connection)] = connection
  }

  func remove(_ connection: TCPConnection) {
    eventLoop.preconditionInEventLoop()
    connections[ObjectIdentifier(connection)] = nil
  }

  func answerBatch(
    of input: inout ByteBuffer, from origin: TCPOrigin, allocator: ByteBufferAllocator,
    whenDeferred: (Exchange) -> Void
  ) -> (queries: Int, replies: ByteBuffer?, rest: TCPAnswerer.Rest) {
    eventLoop.preconditionInEventLoop()
    guard let answerer else { return (0, nil, .incomplete) }
    return answerer.answerBatch(
      of: &input, from: origin, allocator: allocator, whenDeferred: whenDeferred)
  }

  /// Drops the answerer, on the loop as it was made.
  func end() {
    eventLoop.preconditionInEventLoop()
    sweeping?.cancel()
    sweeping = nil
    answerer = nil
  }

  private func sweep() {
    let oldest = NIODeadline.now() - idle
    // A copy, since closing removes from it.
    for connection in Array(connections.values) {
      connection.closeIfUnused(since: oldest)
    }
  }
}
