// A name that exists is never NXDOMAIN.

import Testing

extension EndToEnd {
  @Suite("Existence")
  struct Existence {
    @Test("A service without instances is NODATA, its gone instance NXDOMAIN, restarts or not")
    func emptyService() async throws {
      try await withSite { site in
        var server = try await site.startServer()
        try await server.register(
          "web.prod", "a",
          #"{"address": "10.0.0.1", "port": 80, "tags": ["v2"], "ports": {"grpc": 9090}}"#)
        let deleted = try await server.curl("DELETE", "/v1/services/web.prod/instances/a")
        #expect(deleted.status == 204 && deleted.body.isEmpty)
        let again = try await server.curl("DELETE", "/v1/services/web.prod/instances/a")
        #expect(again.status == 404)

        try await expectEmptyService(server)
        server = try await server.killAndStartAgain()
        try await expectEmptyService(server)
        server = try await server.killAndStartAgain()
        try await expectEmptyService(server)
      }
    }

    private func expectEmptyService(_ server: RunningServer) async throws {
      let names = [
        "web.prod", "_web._tcp.prod", "v2.tag.web.prod", "tag.web.prod", "_grpc._tcp.web.prod",
        "_tcp.web.prod", "prod",
      ]
      for name in names {
        for type in ["A", "SRV"] {
          let reply = try await server.dig("\(name).mesh.internal", type)
          #expect(reply.status == "NOERROR", "\(name) \(type)")
          #expect(reply.answer.isEmpty && reply.authority.count == 1, "\(name) \(type)")
        }
      }
      let gone = try await server.dig("a.web.prod.mesh.internal", "A")
      #expect(gone.status == "NXDOMAIN" && gone.authority.count == 1)
      #expect(try await server.curl("GET", "/v1/services/web.prod").status == 200)
    }

    @Test("A service whose instances are all critical is NODATA, each still has its own name")
    func critical() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.register(
          "web", "a", #"{"address": "10.0.0.1", "port": 80, "status": "critical"}"#)
        for type in ["A", "AAAA", "SRV"] {
          let reply = try await server.dig("web.mesh.internal", type)
          #expect(reply.status == "NOERROR" && reply.answer.isEmpty)
          #expect(reply.authority.count == 1)
        }
        #expect(try await server.digShort("a.web.mesh.internal", "A") == ["10.0.0.1"])
      }
    }
  }
}
