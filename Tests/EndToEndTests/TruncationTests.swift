// Answers that are larger than a datagram may be.

import TestSupport
import Testing

extension EndToEnd {
  @Suite("Truncation")
  struct Truncation {
    private static let all = Set((1...60).map { "10.0.0.\($0)" })

    private func withSixty(_ body: (RunningServer) async throws -> Void) async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let port = server.ready.httpPort
        try await onOwnThread {
          let http = try HTTPConnection(port: port)
          for number in 1...60 {
            try http.register(
              "big", "i-\(number)", #"{"address": "10.0.0.\#(number)", "port": 80}"#)
          }
        }
        try await body(server)
      }
    }

    @Test("60 addresses without EDNS are TC=1 with as many records as fit, and dig gets all by TCP")
    func withoutEDNS() async throws {
      try await withSixty { server in
        let cut = try await server.dig("+noedns", "+ignore", "big.mesh.internal", "A")
        #expect(cut.flags.contains("tc"))
        // A header and the question take 35 octets, each record 16.
        #expect(cut.values("A").count == (512 - 35) / 16)
        #expect(Set(cut.values("A")).isSubset(of: Self.all))

        let retried = try await server.dig("+noedns", "big.mesh.internal", "A")
        #expect(retried.text.contains("Truncated, retrying in TCP mode"))
        #expect(!retried.flags.contains("tc"))
        #expect(retried.values("A").count == 60 && Set(retried.values("A")) == Self.all)
      }
    }

    @Test("An answer with TC=1 takes no turn")
    func turns() async throws {
      try await withSixty { server in
        let first = try await server.digShort("+tcp", "big.mesh.internal", "A")
        for _ in 0..<3 {
          _ = try await server.dig("+noedns", "+ignore", "big.mesh.internal", "A")
        }
        let second = try await server.digShort("+tcp", "big.mesh.internal", "A")
        #expect(second == Array(first[1...] + first[..<1]))
      }
    }

    @Test("With EDNS the same 60 fit into one datagram, up to the size that the client takes")
    func withEDNS() async throws {
      try await withSixty { server in
        let whole = try await server.dig("+bufsize=4096", "+ignore", "big.mesh.internal", "A")
        #expect(!whole.flags.contains("tc") && Set(whole.values("A")) == Self.all)
        let small = try await server.dig("+bufsize=800", "+ignore", "big.mesh.internal", "A")
        #expect(small.flags.contains("tc") && small.values("A").count < 60)
        let srv = try await server.dig("big.mesh.internal", "SRV")
        #expect(srv.values("SRV").count == 60, "retried over TCP")
      }
    }
  }
}
