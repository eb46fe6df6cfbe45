// Draining the program's instances, over a crash too.

import DNSWire
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Drain")
  struct Drains {
    private static let path = "/v1/services/web/instances/web-1"

    /// Its own name is there as long as the reply said, and gone soon after.
    private func expectRemoval(_ server: RunningServer, at safeAt: Date) async throws {
      let dns = server.dns
      var lastSeen = Date.distantPast
      try await wait(for: "the removal") {
        let sent = Date()
        let answer = try await onOwnThread { try dns.ask("web-1.web.mesh.internal.", .a).answer }
        if !answer.isEmpty { lastSeen = sent }
        return answer.isEmpty
      }
      // Times are told in whole milliseconds, and a restart counts on from one.
      #expect(Date() >= safeAt - 0.005)
      #expect(lastSeen <= safeAt + 0.1)
      try await wait(for: "the removal's commit") {
        try await server.curl("GET", "/v1/services/web").revision == 5
      }
      #expect(try await server.dig("web-1.web.mesh.internal", "A").status == "NXDOMAIN")
    }

    private func safeAt(_ reply: RunningServer.Reply) throws -> Date {
      let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
      return try style.parse(try #require(reply["safe_at"]))
    }

    @Test("An instance leaves the sets at once and its own name at the time that was told")
    func drain() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.registerThree()
        let reply = try await server.curl("POST", Self.path + "/drain")
        #expect(reply.status == 200 && reply["status"] == "draining")
        #expect(
          Set(try await server.digShort("web.mesh.internal", "A")) == ["10.0.0.2", "10.0.0.3"])
        #expect(try await server.digShort("_web._tcp.mesh.internal", "SRV").count == 2)
        #expect(try await server.digShort("web-1.web.mesh.internal", "A") == ["10.0.0.1"])
        #expect(try await server.curl("POST", Self.path + "/renew")["status"] == "draining")
        try await expectRemoval(server, at: safeAt(reply))
      }
    }

    @Test("After kill -9 it goes on draining, until the same time")
    func crash() async throws {
      try await withSite { site in
        var server = try await site.startServer()
        try await server.registerThree()
        let reply = try await server.curl("POST", Self.path + "/drain")
        server = try await server.killAndStartAgain()
        let shown = try await server.curl("GET", Self.path)
        #expect(shown["status"] == "draining" && shown["safe_at"] == reply["safe_at"])
        #expect(
          Set(try await server.digShort("web.mesh.internal", "A")) == ["10.0.0.2", "10.0.0.3"])
        #expect(try await server.digShort("web-1.web.mesh.internal", "A") == ["10.0.0.1"])
        try await expectRemoval(server, at: safeAt(reply))
        server = try await server.killAndStartAgain()
        #expect(try await server.curl("GET", Self.path).status == 404)
      }
    }

    @Test("A removed service is NXDOMAIN at once, and after kill -9")
    func serviceRemoval() async throws {
      try await withSite { site in
        var server = try await site.startServer()
        try await server.registerThree()
        try await server.register("web.prod", "a", #"{"address": "10.1.0.1", "tags": ["v2"]}"#)
        #expect(try await server.curl("DELETE", "/v1/services/web").status == 204)
        for _ in 1...2 {
          for name in ["web", "_web._tcp", "web-1.web"] {
            let reply = try await server.dig("\(name).mesh.internal", "A")
            #expect(reply.status == "NXDOMAIN", "\(name)")
          }
          #expect(try await server.digShort("v2.tag.web.prod.mesh.internal", "A") == ["10.1.0.1"])
          #expect(try await server.curl("DELETE", "/v1/services/web").status == 404)
          server = try await server.killAndStartAgain()
        }
      }
    }

    @Test("With wait the reply comes when the instance is gone, and an end does not wait for it")
    func waiting() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.registerThree()
        let reply = try await server.curl("POST", Self.path + "/drain?wait=true")
        #expect(try Date() >= safeAt(reply) - 0.005)
        #expect(try await server.dig("web-1.web.mesh.internal", "A").status == "NXDOMAIN")
        async let second = server.curl("POST", "/v1/services/web/instances/web-2/drain?wait=true")
        try await wait(for: "the drain") {
          try await server.curl("GET", "/v1/services/web/instances/web-2")["status"] == "draining"
        }
        server.child.send(SIGTERM)
        #expect(try await second.status == 503)
        #expect(try await server.child.waitForEnd(within: .seconds(5)) == .exit(0))
      }
    }
  }
}
