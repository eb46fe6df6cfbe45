// How the program ends.

import Glibc
import TestSupport
import Testing

extension EndToEnd {
  @Suite("End")
  struct End {
    @Test("SIGTERM and SIGINT end it soon with status 0", arguments: [SIGTERM, SIGINT])
    func signal(_ signal: Int32) async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.registerThree()
        server.child.send(signal)
        #expect(try await server.child.waitForEnd(within: .seconds(5)) == .exit(0))
      }
    }

    @Test("After its end the ports are free")
    func portsAreFree() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.registerThree()
        server.child.send(SIGTERM)
        _ = try await server.child.waitForEnd(within: .seconds(5))
        let wanted: [(UInt16, LoopbackSocket.Kind)] = [
          (server.ready.dnsPort, .udp), (server.ready.dnsPort, .tcp), (server.ready.httpPort, .tcp),
        ]
        for (port, kind) in wanted {
          // The kernel may have lent it to a client for a moment.
          try await wait(for: "\(kind) port \(port)", within: .seconds(5)) {
            (try? LoopbackSocket(holding: port, kind)) != nil
          }
        }
      }
    }

    @Test("Idle connections of clients do not delay the end")
    func idleClients() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let tcp = try LoopbackSocket(.tcp, port: server.ready.dnsPort)
        try tcp.send([0])
        let http = try HTTPConnection(port: server.ready.httpPort)
        try http.request("GET", "/healthz")
        server.child.send(SIGTERM)
        #expect(try await server.child.waitForEnd(within: .seconds(5)) == .exit(0))
        withExtendedLifetime((tcp, http)) {}
      }
    }

    @Test("A request that is under way is answered before the end")
    func requestUnderWay() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let half = try HalfRequest(server)
        server.child.send(SIGTERM)
        try await wait(for: "the stop") { server.log.contains("stopping") }
        #expect(server.child.end == nil)
        let reply = try half.finish()
        #expect(reply.hasPrefix("HTTP/1.1 201 "))
        #expect(try await server.child.waitForEnd(within: .seconds(5)) == .exit(0))
        let again = try await site.startServer()
        #expect(try await again.digShort("web.mesh.internal", "A") == ["10.0.0.1"])
      }
    }

    @Test("What is not finished within stop_seconds is left: status 3, and a line in the log")
    func limit() async throws {
      try await withSite { site in
        let server = try await site.startServer(environment: ["ROLLCALL_STOP_SECONDS": "1"])
        let half = try HalfRequest(server)
        server.child.send(SIGTERM)
        #expect(try await server.child.waitForEnd(within: .seconds(5)) == .exit(3))
        #expect(server.log.contains("could not be finished within stop_seconds"))
        withExtendedLifetime(half) {}
      }
    }

    @Test("A second signal ends it at once with status 3", arguments: [SIGTERM, SIGINT])
    func secondSignal(_ signal: Int32) async throws {
      try await withSite { site in
        let server = try await site.startServer(environment: ["ROLLCALL_STOP_SECONDS": "3600"])
        let half = try HalfRequest(server)
        server.child.send(SIGTERM)
        try await wait(for: "the stop") { server.log.contains("stopping") }
        server.child.send(signal)
        #expect(try await server.child.waitForEnd(within: .seconds(5)) == .exit(3))
        #expect(server.log.contains("ended by a second signal"))
        withExtendedLifetime(half) {}
      }
    }

    @Test("What was registered is there after an orderly end and a start")
    func orderlyRestart() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.registerThree()
        server.child.send(SIGTERM)
        _ = try await server.child.waitForEnd()
        let again = try await site.startServer()
        #expect(
          Set(try await again.digShort("web.mesh.internal", "A"))
            == ["10.0.0.1", "10.0.0.2", "10.0.0.3"])
      }
    }
  }
}

/// A registration of which the server has the head and half of the body.
private final class HalfRequest {
  private let socket: LoopbackSocket
  private let rest: [UInt8]

  init(_ server: RunningServer) throws {
    let body = #"{"address": "10.0.0.1", "port": 8080, "lease_seconds": 300}"#
    // The first one's reply shows that the server has read what came with it.
    let head = """
      GET /healthz HTTP/1.1\r
      Host: 127.0.0.1\r
      \r
      PUT /v1/services/web/instances/web-1 HTTP/1.1\r
      Host: 127.0.0.1\r
      Content-Type: application/json\r
      Content-Length: \(body.utf8.count)\r
      \r

      """
    rest = Array(body.utf8.dropFirst(10))
    socket = try LoopbackSocket(.tcp, port: server.ready.httpPort)
    try socket.send(Array((head + body.prefix(10)).utf8))
    guard try received().hasPrefix("HTTP/1.1 200 ") else { throw Failure("not healthy") }
  }

  /// Sends the rest and returns how the reply begins.
  func finish() throws -> String {
    try socket.send(rest)
    return try received()
  }

  private func received() throws -> String {
    String(decoding: try socket.receive(), as: UTF8.self)
  }
}
