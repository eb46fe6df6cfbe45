// One HTTP connection that is counted and has to go.

import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import RegistryAPI

@Suite("Connection guard") struct ConnectionGuardTests {
  private func table(_ count: Int, surplus: Int = 0) -> HTTPConnections {
    var limits = HTTPConnectionLimits()
    limits.connections = count
    limits.surplus = surplus
    limits.graceSeconds = 0
    return HTTPConnections(limits: limits)
  }

  private func connect(
    _ connections: HTTPConnections, behind handlers: any ChannelHandler...
  ) throws -> EmbeddedChannel {
    let channel = EmbeddedChannel(handlers: handlers)
    try channel.pipeline.syncOperations.addHandler(ConnectionGuard(connections))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    return channel
  }

  private func sendRequest(_ channel: EmbeddedChannel) throws {
    try channel.writeInbound(RequestDeadlineTests.head)
    try channel.writeInbound(HTTPRequestPart.end(nil))
  }

  private func reply(_ channel: EmbeddedChannel) {
    channel.write(HTTPResponsePart.head(HTTPResponse(status: .ok)), promise: nil)
    channel.write(HTTPResponsePart.end(nil), promise: nil)
    channel.flush()
  }

  @Test("An idle connection makes room, one that is being answered does not")
  func room() throws {
    let connections = table(1)
    let first = try connect(connections)
    try sendRequest(first)
    let second = try connect(connections)
    first.embeddedEventLoop.run()
    #expect(first.isActive && !second.isActive)
    #expect(connections.counters.closed == [.overload: 1])

    reply(first)
    let third = try connect(connections)
    first.embeddedEventLoop.run()
    #expect(!first.isActive && third.isActive)
    #expect(connections.counters.closed == [.overload: 1, .connectionLimit: 1])
    #expect(connections.counters.open == 1)
    _ = try third.finish()
    #expect(connections.counters.open == 0)
  }

  @Test("A request that comes before the loop can close its connection keeps it")
  func lateRequest() throws {
    let connections = table(1)
    let first = try connect(connections)
    let second = try connect(connections)
    try sendRequest(first)
    first.embeddedEventLoop.run()
    #expect(first.isActive && second.isActive)
    reply(first)
    let third = try connect(connections)
    for channel in [first, second] { channel.embeddedEventLoop.run() }
    // Both make room: the table was one over its limit.
    #expect(!first.isActive && !second.isActive && third.isActive)
  }

  @Test("With pipelined requests a connection is idle only after the last reply is on its way")
  func pipelined() throws {
    let connections = table(1)
    let first = try connect(connections)
    for _ in 0..<3 { try sendRequest(first) }
    for _ in 0..<2 { reply(first) }
    #expect(try !connect(connections).isActive)
    reply(first)
    #expect(try connect(connections).isActive)
    first.embeddedEventLoop.run()
    #expect(!first.isActive)
  }

  @Test("A surplus connection gets 503 with Retry-After for its request, and ends")
  func surplus() throws {
    let connections = table(1, surplus: 1)
    let first = try connect(connections)
    try sendRequest(first)
    let second = try connect(connections)
    #expect(second.isActive)
    try sendRequest(second)
    guard case .head(let head)? = try second.readOutbound(as: HTTPResponsePart.self) else {
      Issue.record("no reply")
      return
    }
    #expect(head.status == .serviceUnavailable)
    #expect(head.headerFields[.retryAfter] == "1")
    #expect(try second.readInbound(as: HTTPRequestPart.self) == nil)
    second.embeddedEventLoop.run()
    #expect(!second.isActive)
    #expect(connections.counters.closed == [.overload: 1])
    #expect(try connect(connections).isActive)
  }

  @Test("A client that does not take its reply for 30 seconds is closed, one that does is not")
  func notReading() throws {
    for (seconds, isClosed) in [(29, false), (30, true)] {
      let connections = table(9)
      let channel = try connect(connections)
      try sendRequest(channel)
      reply(channel)
      channel.isWritable = false
      channel.pipeline.fireChannelWritabilityChanged()
      channel.embeddedEventLoop.advanceTime(by: .seconds(Int64(seconds)))
      #expect(channel.isActive == !isClosed)
      channel.isWritable = true
      channel.pipeline.fireChannelWritabilityChanged()
      channel.embeddedEventLoop.advanceTime(by: .seconds(60))
      #expect(channel.isActive == !isClosed)
      #expect(connections.counters.closed == (isClosed ? [.notReading: 1] : [:]))
    }
  }

  @Test("What has to go is closed at the socket, though a handler before would wait")
  func besideTLS() throws {
    let connections = table(1)
    let goodbye = Goodbye()
    let first = try connect(connections, behind: goodbye)
    #expect(try connect(connections).isActive)
    first.embeddedEventLoop.run()
    #expect(!first.isActive)
    #expect(!goodbye.wasAsked)
  }

  /// Does not let a close pass, as TLS while it waits for the other side's goodbye.
  private final class Goodbye: ChannelOutboundHandler {
    typealias OutboundIn = HTTPResponsePart
    private(set) var wasAsked = false

    func close(
      context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?
    ) {
      wasAsked = true
    }
  }
}
