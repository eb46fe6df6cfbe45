// More HTTP connections than there may be.

import Glibc
import TestSupport
import Testing

extension EndToEnd {
  @Suite("HTTP connections")
  struct HTTPConnections {
    @Test("Connections that send nothing, or part of a head, shut out nobody who sends requests")
    func flood() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.registerThree()
        let port = try #require(server.ready.http.split(separator: ":").last.flatMap { UInt16($0) })
        try await onOwnThread {
          Self.raiseDescriptorLimit()
          let kept = try HTTPConnection(port: port)
          try #expect(kept.request("POST", "/v1/services/web/instances/web-1/renew") == 200)
          var flood: [LoopbackSocket] = []
          for number in 0..<1_200 {
            flood.append(try LoopbackSocket(.tcp, port: port, from: UInt8(2 + number % 250)))
            if number % 2 == 0 { try flood[number].send(Array("GET / HTTP/1.1\r\nX".utf8)) }
            guard number % 200 == 199 else { continue }
            // On a connection that was there before, and on a new one.
            try #expect(kept.request("POST", "/v1/services/web/instances/web-1/renew") == 200)
            let new = try HTTPConnection(port: port)
            try #expect(new.request("GET", "/v1/services/web") == 200)
          }
          // Room was made by those who had waited longest.
          for socket in flood[..<100] { #expect(socket.isEnded()) }
        }
        #expect(try await server.curl("GET", "/healthz").status == 200)
      }
    }

    /// For more sockets than the usual soft limit of 1,024.
    private static func raiseDescriptorLimit() {
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      limit.rlim_cur = limit.rlim_max
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
  }
}
