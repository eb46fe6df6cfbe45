// An HTTP server on loopback that replies to each request as a test tells it.

import NIOCore
import NIOHTTP1
import NIOPosix
import RollcallClient
import Synchronization
import TestSupport

struct ReceivedRequest: Sendable {
  /// Method and target.
  let line: String
  let token: String?
  let body: String
}

struct ScriptedReply: Sendable {
  enum Extent: Sendable {
    case whole
    /// The body does not come to its end.
    case unfinished
    /// The connection is closed without a reply.
    case none
  }

  var status: Int
  var fields: [(String, String)] = []
  var body = "{}"
  var extent = Extent.whole

  static func problem(_ status: Int, _ detail: String) -> ScriptedReply {
    ScriptedReply(status: status, body: #"{"status":\#(status),"detail":"\#(detail)"}"#)
  }
}

final class RegistrationServer: Sendable {
  /// - Parameter number: which of the server's requests it is, from 1 on.
  typealias Script = @Sendable (_ request: ReceivedRequest, _ number: Int) -> ScriptedReply

  private let channel: any Channel
  private let seen: RequestList

  init(_ script: @escaping Script) async throws {
    let seen = RequestList(script)
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(ScriptedRequests(seen))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    self.seen = seen
  }

  deinit { channel.close(promise: nil) }

  var requests: [ReceivedRequest] { seen.all }
  var lines: [String] { requests.map(\.line) }

  var port: Int { channel.localAddress?.port ?? 0 }

  func access(token: String? = nil) throws -> ServerAccess {
    try ServerAccess("http://127.0.0.1:\(port)", token: token)
  }
}

private final class RequestList: Sendable {
  private let script: RegistrationServer.Script
  private let list = Mutex<[ReceivedRequest]>([])

  init(_ script: @escaping RegistrationServer.Script) {
    self.script = script
  }

  var all: [ReceivedRequest] { list.withLock { $0 } }

  func reply(to request: ReceivedRequest) -> ScriptedReply {
    let number = list.withLock { list in
      list.append(request)
      return list.count
    }
    return script(request, number)
  }
}

private final class ScriptedRequests: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let seen: RequestList
  private var head: HTTPRequestHead?
  private var body = ""

  init(_ seen: RequestList) {
    self.seen = seen
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): (self.head, body) = (head, "")
    case .body(let part): body += String(buffer: part)
    case .end:
      guard let head else { return }
      let request = ReceivedRequest(
        line: "\(head.method) \(head.uri)", token: head.headers.first(name: "Authorization"),
        body: body)
      send(seen.reply(to: request), context)
    }
  }

  private func send(_ reply: ScriptedReply, _ context: ChannelHandlerContext) {
    guard reply.extent != .none else { return context.close(promise: nil) }
    var headers = HTTPHeaders(reply.fields)
    let missing = reply.extent == .whole ? 0 : 1
    headers.add(name: "Content-Length", value: "\(reply.body.utf8.count + missing)")
    let head = HTTPResponseHead(
      version: .http1_1, status: HTTPResponseStatus(statusCode: reply.status), headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    let body = HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: reply.body)))
    context.writeAndFlush(wrapOutboundOut(body), promise: nil)
    guard reply.extent == .whole else { return }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}
