// The time that a request may take to arrive.

import Hummingbird
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import RegistryAPI

@Suite("Request deadline") struct RequestDeadlineTests {
  static let head = HTTPRequestPart.head(
    HTTPRequest(method: .put, scheme: "http", authority: "localhost", path: "/"))

  @Test("A body that trickles is cut off 10 seconds after the request began")
  func slowBody() throws {
    let channel = try EmbeddedChannel.withDeadline()
    // Octets of the head that are not the whole of it yet.
    channel.pipeline.fireChannelReadComplete()
    channel.embeddedEventLoop.advanceTime(by: .seconds(5))
    try channel.writeInbound(Self.head)
    channel.embeddedEventLoop.advanceTime(by: .seconds(4))
    try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(string: " ")))
    #expect(channel.isActive)
    channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    #expect(!channel.isActive)
  }

  @Test("A head that trickles is cut off 10 seconds after its first octet")
  func slowHead() throws {
    let channel = try EmbeddedChannel.withDeadline()
    try channel.writeInbound(Self.head)
    try channel.writeInbound(HTTPRequestPart.end(nil))
    channel.embeddedEventLoop.advanceTime(by: .seconds(60))
    for _ in 0..<9 {
      channel.pipeline.fireChannelReadComplete()
      channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    }
    #expect(channel.isActive)
    channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    #expect(!channel.isActive)
  }

  @Test("A connection that brings no request is closed after 10 seconds")
  func noRequest() throws {
    let channel = try EmbeddedChannel.withDeadline()
    channel.embeddedEventLoop.advanceTime(by: .seconds(9))
    #expect(channel.isActive)
    channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    #expect(!channel.isActive)
  }

  @Test("The next request on a connection has its own 10 seconds")
  func nextRequest() throws {
    let channel = try EmbeddedChannel.withDeadline()
    try channel.writeInbound(Self.head)
    channel.embeddedEventLoop.advanceTime(by: .seconds(5))
    try channel.writeInbound(HTTPRequestPart.end(nil))
    channel.embeddedEventLoop.advanceTime(by: .seconds(2))
    try channel.writeInbound(Self.head)
    channel.embeddedEventLoop.advanceTime(by: .seconds(9))
    #expect(channel.isActive)
    channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    #expect(!channel.isActive)
  }

  @Test("A request that is here in time may be answered and followed by others")
  func inTime() throws {
    let channel = try EmbeddedChannel.withDeadline()
    for _ in 0..<3 {
      try channel.writeInbound(Self.head)
      channel.embeddedEventLoop.advanceTime(by: .seconds(9))
      try channel.writeInbound(HTTPRequestPart.end(nil))
      channel.embeddedEventLoop.advanceTime(by: .seconds(60))
      #expect(channel.isActive)
    }
    _ = try channel.finish()
  }
}

extension EmbeddedChannel {
  fileprivate static func withDeadline() throws -> EmbeddedChannel {
    let channel = EmbeddedChannel()
    try channel.pipeline.syncOperations.addHandler(RequestDeadline(seconds: 10))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    return channel
  }
}
