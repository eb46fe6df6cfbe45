// What calls of the HTTP API make of servers that fail in one way or another.

import NIOCore
import NIOPosix
import RollcallClient
import Testing

@Suite("A call of the HTTP API", .timeLimit(.minutes(1)))
struct ServerConnectionTests {
  private static let call = ServerCall.renew(InstanceName(service: "web", id: "web-1"))

  /// What the call fails with.
  private func failure(
    _ access: ServerAccess,
    _ body: (ServerConnection) async throws -> Void = { try await $0.send(Self.call) }
  ) async -> RollcallError? {
    await #expect(throws: RollcallError.self) {
      try await ServerConnection.with(access) { try await body($0) }
    }
  }

  @Test("is given up in time when the reply does not come to its end", arguments: [200, 403])
  func unfinished(status: Int) async throws {
    let server = try await RegistrationServer { _, _ in
      ScriptedReply(status: status, extent: .unfinished)
    }
    var access = try server.access()
    access.timeout = .milliseconds(200)
    let error = await failure(access)
    #expect(error?.kind == .unreachable && error?.isOutcomeOpen == true)
  }

  @Test("that opens a stream is given up in time when a refusal does not come to its end")
  func unfinishedRefusal() async throws {
    let server = try await RegistrationServer { _, _ in
      ScriptedReply(status: 403, extent: .unfinished)
    }
    var access = try server.access()
    access.timeout = .milliseconds(200)
    let error = await failure(access) { _ = try await $0.open(.events(of: [], after: nil)) }
    #expect(error?.kind == .unreachable)
  }

  @Test(
    "may be made again where the server, or one before it, can't do it now",
    arguments: [(429, false), (500, true), (502, true), (503, false), (504, true)])
  func unavailable(status: Int, isOutcomeOpen: Bool) async throws {
    let server = try await RegistrationServer { _, _ in
      ScriptedReply(status: status, fields: [("Retry-After", "7")], body: "")
    }
    let error = await failure(try server.access())
    #expect(error?.kind == .unavailable && error?.isPassing == true)
    #expect(error?.retryAfter == .seconds(7))
    #expect(error?.isOutcomeOpen == isOutcomeOpen)
  }

  /// A server that takes connections, and closes them at the first octets if `closes`.
  private func listener(closes: Bool) async throws -> any Channel {
    try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if closes { try channel.pipeline.syncOperations.addHandler(ClosingHandler()) }
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  @Test(
    "may be made again where the TLS handshake is cut off or does not come to its end",
    arguments: [true, false])
  func handshake(closes: Bool) async throws {
    let listener = try await listener(closes: closes)
    var access = try ServerAccess("https://127.0.0.1:\(listener.localAddress?.port ?? 0)")
    if !closes { access.timeout = .milliseconds(200) }
    let error = await failure(access)
    #expect(error?.kind == .unreachable)
    try await listener.close()
  }

  @Test("is not made again where the server speaks no TLS")
  func noTLS() async throws {
    let server = try await RegistrationServer { _, _ in ScriptedReply(status: 200) }
    let error = await failure(try ServerAccess("https://127.0.0.1:\(server.port)"))
    #expect(error?.kind == .untrusted)
  }

  @Test("is refused where the network could read its token, unless that is allowed")
  func plaintextToken() async throws {
    // An address for documentation, to which nothing leads (RFC 5737).
    var access = try ServerAccess("http://192.0.2.1:1", token: "rollcall_x")
    access.timeout = .milliseconds(200)
    let refused = await failure(access)
    #expect(refused?.kind == .setting)
    #expect(refused?.description.contains("allowsPlaintextToken") == true)
    let registration = Registration(Instance(service: "web", id: "web-1"), at: access)
    await #expect {
      try await registration.run()
    } throws: {
      ($0 as? RollcallError)?.kind == .setting
    }
    access.allowsPlaintextToken = true
    #expect(await failure(access)?.kind == .unreachable)
  }

  @Test(
    "may carry a token by TLS, and on loopback", arguments: ["https://[::1]:1", "http://[::1]:1"])
  func protectedToken(url: String) async throws {
    let error = await failure(try ServerAccess(url, token: "rollcall_x"))
    #expect(error?.kind == .unreachable)
  }

  @Test("keeps its token to itself when the access is printed")
  func printedToken() throws {
    let access = try ServerAccess("https://rollcall.example", token: "rollcall_x")
    var dumped = ""
    dump(access, to: &dumped)
    for text in ["\(access)", String(reflecting: access), "\([access])", dumped] {
      #expect(text.contains("https://rollcall.example:443 with a token"))
      #expect(!text.contains("rollcall_x"))
    }
  }
}

private final class ClosingHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.close(promise: nil)
  }
}
