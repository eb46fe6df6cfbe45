// Calls by a mesh to real servers on loopback.

import InMemoryTracing
import MeshTrial
import NIOCore
import NIOHTTP1
import RollcallClient
import Synchronization
import TestSupport
import Testing
import Tracing

@Suite("Calls through a mesh")
struct MeshCallTests {
  struct Directory: ServiceDirectory {
    let endpoints: [Endpoint]

    init(_ ports: [Int]) {
      endpoints = ports.enumerated().map { number, port in
        Endpoint(address: "127.0.0.1", port: port, host: "i\(number)")
      }
    }

    func endpoints(of service: String) async throws -> [Endpoint] {
      guard service == "web" else { throw Failure("there is no \(service)") }
      return endpoints
    }
  }

  /// Calls `body` with a mesh of servers that do what the handlers say.
  private static func with(
    _ handlers: [@Sendable (LoopbackServer.Request) -> LoopbackServer.Action],
    _ change: (inout MeshConfiguration) -> Void = { _ in },
    _ body: (ServiceMesh, [LoopbackServer]) async throws -> Void
  ) async throws {
    var servers: [LoopbackServer] = []
    for handler in handlers { servers.append(try await LoopbackServer.start(respond: handler)) }
    var configuration = MeshConfiguration()
    configuration.limits = CallLimits(tryTimeout: .seconds(60), deadline: .seconds(120), tries: 3)
    configuration.retry.firstPause = .milliseconds(1)
    change(&configuration)
    let mesh = try ServiceMesh(
      directory: Directory(servers.map(\.port)), configuration: configuration)
    do {
      try await body(mesh, servers)
    } catch {
      for server in servers { await server.die() }
      throw error
    }
    for server in servers { await server.die() }
  }

  private static func reason(
    _ call: () async throws -> some Any
  ) async -> MeshError.Reason? {
    do {
      _ = try await call()
      return nil
    } catch {
      return (error as? MeshError)?.reason
    }
  }

  @Test("A call brings method, path, header and body over, names the caller, and brings all back")
  func whole() async throws {
    let seen = Mutex<LoopbackServer.Request?>(nil)
    try await Self.with([
      { request in
        seen.withLock { $0 = request }
        return .reply(201, headers: [("X-Colour", "red")], body: "made")
      }
    ]) { mesh, servers in
      let response = try await mesh.call(
        from: "shop", to: "web",
        MeshRequest(
          method: "POST", path: "/things?a=1", headers: [("Accept", "text/plain")],
          body: Array("thing".utf8)))
      #expect(response.status == 201)
      #expect(response.header("x-colour") == "red")
      #expect(response.text == "made")
      #expect(response.tries == 1)
      #expect(response.endpoint.port == servers[0].port)
      let last = seen.withLock { $0 }
      let request = try #require(last)
      #expect(request.head.method == .POST)
      #expect(request.head.uri == "/things?a=1")
      #expect(request.head.headers["Accept"] == ["text/plain"])
      #expect(request.head.headers["Rollcall-Caller"] == ["shop"])
      #expect(request.body == Array("thing".utf8))
    }
  }

  @Test("The request carries the trace of its try, so that the instance's spans go below it")
  func traced() async throws {
    let seen = Mutex<LoopbackServer.Request?>(nil)
    try await Self.with([
      { request in
        seen.withLock { $0 = request }
        return .reply(200)
      }
    ]) { mesh, _ in
      let tracer = InMemoryTracer()
      _ = try await withTracer(tracer) { try await mesh.call(from: "shop", to: "web") }
      let attempt = try #require(tracer.finishedSpans.first)
      #expect(attempt.operationName == "mesh.try")
      let request = try #require(seen.withLock { $0 })
      #expect(request.head.headers[InMemoryTracer.traceIDKey] == [attempt.traceID])
      #expect(request.head.headers[InMemoryTracer.spanIDKey] == [attempt.spanID])
    }
  }

  @Test("Instances take turns")
  func turns() async throws {
    try await Self.with((0..<4).map { number in { _ in .reply(200, body: "\(number)") } }) {
      mesh, _ in
      var replies: [String] = []
      for _ in 0..<8 { replies.append(try await mesh.call(from: "shop", to: "web").text) }
      #expect(replies == ["0", "1", "2", "3", "0", "1", "2", "3"])
    }
  }

  @Test("A refused connection is passed by, also where nothing may be repeated")
  func refused() async throws {
    try await Self.with([{ _ in .silence }, { _ in .reply(200, body: "alive") }]) {
      mesh, servers in
      await servers[0].die()
      for _ in 0..<4 {
        let response = try await mesh.call(
          from: "shop", to: "web", MeshRequest(method: "POST"))
        #expect(response.text == "alive")
      }
    }
  }

  @Test(
    "What may be repeated is tried elsewhere after a time-out, a lost connection or a 503",
    arguments: [
      LoopbackServer.Action.silence, .late(.seconds(120), body: "late"), .disconnect, .reply(503),
    ])
  func repeated(action: LoopbackServer.Action) async throws {
    try await Self.with([{ _ in action }, { _ in .reply(200, body: "good") }]) {
      // A busy machine may need several.
      $0.limits.tries = 20
      $0.limits.tryTimeout = .milliseconds(500)
    } _: { mesh, _ in
      let response = try await mesh.call(from: "shop", to: "web")
      #expect(response.text == "good")
      #expect(response.tries >= 2)
    }
  }

  @Test("What may not be repeated is sent once")
  func once() async throws {
    let requests = Mutex(0)
    try await Self.with(
      Array(
        repeating: { _ in
          requests.withLock { $0 += 1 }
          return .disconnect
        }, count: 2)
    ) { mesh, _ in
      let reason = await Self.reason {
        try await mesh.call(from: "shop", to: "web", MeshRequest(method: "POST"))
      }
      #expect(reason == .notRepeatable)
      #expect(requests.withLock(\.self) == 1)
      let allowed = await Self.reason {
        try await mesh.call(
          from: "shop", to: "web", MeshRequest(method: "POST", isRepeatable: true))
      }
      #expect(allowed == .triesUsedUp)
      #expect(requests.withLock(\.self) == 4)
    }
  }

  @Test("When every instance says 503, the caller gets that response")
  func unavailable() async throws {
    try await Self.with([{ _ in .reply(503, body: "full") }, { _ in .reply(503, body: "full") }]) {
      mesh, _ in
      let response = try await mesh.call(from: "shop", to: "web")
      #expect(response.status == 503)
      #expect(response.text == "full")
      #expect(response.tries == 3)
    }
  }

  @Test("A 500 is a response like any other")
  func error() async throws {
    try await Self.with([{ _ in .reply(500) }]) { mesh, _ in
      let response = try await mesh.call(from: "shop", to: "web")
      #expect(response.status == 500 && response.tries == 1)
    }
  }

  @Test("The deadline ends a call that no instance answers")
  func deadline() async throws {
    try await Self.with([{ _ in .silence }, { _ in .silence }]) {
      $0.limits = CallLimits(
        tryTimeout: .milliseconds(200), deadline: .milliseconds(500), tries: 100)
    } _: { mesh, _ in
      let reason = await Self.reason { try await mesh.call(from: "shop", to: "web") }
      #expect(reason == .deadline)
    }
  }

  @Test("A body may be as long as is allowed, and no longer")
  func longBody() async throws {
    try await Self.with([{ .reply(200, body: String($0.head.uri.dropFirst())) }]) {
      $0.longestBody = 5
    } _: { mesh, _ in
      let response = try await mesh.call(from: "shop", to: "web", MeshRequest(path: "/12345"))
      #expect(response.text == "12345")
      let reason = await Self.reason {
        try await mesh.call(from: "shop", to: "web", MeshRequest(path: "/123456"))
      }
      #expect(reason == .bodyTooLong)
    }
  }

  @Test("A service without instances and one that is not known are told apart")
  func nobody() async throws {
    let mesh = try ServiceMesh(directory: Directory([]))
    let nobody = await Self.reason { try await mesh.call(from: "shop", to: "web") }
    let unknown = await Self.reason { try await mesh.call(from: "shop", to: "db") }
    #expect(nobody == .noInstance && unknown == .discovery)
  }

  @Test("When the caller's task is cancelled, its try is, and the call ends at once")
  func cancellation() async throws {
    let isAsked = Mutex(false)
    try await Self.with([
      { _ in
        isAsked.withLock { $0 = true }
        return .silence
      }
    ]) { mesh, _ in
      let call = Task { await Self.reason { try await mesh.call(from: "shop", to: "web") } }
      try await wait(for: "the request") { isAsked.withLock(\.self) }
      call.cancel()
      let reason = await call.value
      #expect(reason == .cancelled)
    }
  }
}
