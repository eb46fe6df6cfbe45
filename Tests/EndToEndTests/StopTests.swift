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
