// Who changed what, as the log tells it.

import Logging
import ServiceRegistry
import Testing

@testable import RegistryAPI

@Suite("Audit lines") struct AuditTests {
  @Test("Each change is one line with who, from where, what and which revision")
  func changes() async throws {
    let tokens = try TestTokens.usual()
    try await withServer(tokens: tokens.table) { server in
      let writer = server.with(tokens, "writer")
      let path = "/v1/services/Web.prod/instances/a"
      _ = try await writer.put("Web.prod")
      _ = try await writer.put("Web.prod")
      _ = try await writer.put("Web.prod", "a", #"{"address":"10.0.0.2"}"#)
      _ = try await writer.curl("POST", path + "/renew")
      _ = try await writer.curl("POST", path + "/renew", #"{"status":"passing"}"#)
      _ = try await writer.curl("POST", path + "/renew", #"{"status":"warning"}"#)
      for _ in 0..<2 { _ = try await writer.curl("POST", path + "/drain") }
      _ = try await writer.curl("DELETE", path)
      _ = try await writer.curl("DELETE", "/v1/services/web.prod")
      _ = try await server.with(tokens, "admin").curl("POST", "/v1/zones/reload")
      let usual = ["by": "writer", "from": "127.0.0.1", "service": "Web.prod", "id": "a"]
      let expected: [[String: String]] = [
        usual.merging(["what": "register", "revision": "1"]) { $1 },
        usual.merging(["what": "replace", "revision": "2"]) { $1 },
        usual.merging(["what": "status", "revision": "3"]) { $1 },
        usual.merging(["what": "drain", "revision": "4"]) { $1 },
        usual.merging(["what": "deregister"]) { $1 },
        ["what": "remove", "by": "writer", "from": "127.0.0.1", "service": "web.prod"],
        ["what": "reload", "by": "admin", "from": "127.0.0.1"],
      ]
      #expect(server.log.audit == expected)
      #expect(server.log.lines.filter { $0.message == "audit" }.allSatisfy { $0.level == .info })
    }
  }

  @Test("A bulk call is one line with counts, if it changed anything")
  func bulk() async throws {
    try await withServer { server in
      let items = (0..<100).map { #"{"service":"web","id":"i\#($0)","address":"10.0.0.1"}"# }
        .joined(separator: ",")
      let body = #"{"instances":[\#(items),{"service":"web","id":"i","address":"x"}]}"#
      let other = body.replacing("i7", with: "j7")
      for body in [body, body, other] { _ = try await server.post("/v1/instances", body) }
      let renewals = (0..<3).map { #"{"service":"web","id":"i\#($0)","status":"critical"}"# }
        .joined(separator: ",")
      for _ in 0..<2 { _ = try await server.post("/v1/renewals", #"{"renewals":[\#(renewals)]}"#) }
      let usual = ["by": "anonymous", "from": "127.0.0.1"]
      let expected: [[String: String]] = [
        ["what": "bulk-register", "new": "100", "replaced": "0"],
        ["what": "bulk-register", "new": "11", "replaced": "0"],
        ["what": "bulk-renew", "status_changes": "3"],
      ]
      #expect(server.log.audit == expected.map { $0.merging(usual) { $1 } })
    }
  }

  @Test("What was refused or failed is no change")
  func refused() async throws {
    let tokens = try TestTokens.usual()
    try await withServer(tokens: tokens.table) { server in
      _ = try await server.with(tokens, "reader").put("web")
      _ = try await server.with(tokens, "below").put("web")
      _ = try await server.with(tokens, "writer").put("web", "a", #"{"address":"x"}"#)
      _ = try await server.with(tokens, "writer").curl("DELETE", "/v1/services/web/instances/a")
      _ = try await server.put("/v1/services/web/instances/a", #"{"address":"10.0.0.1"}"#)
      server.store.fail(with: StoreError(reason: "full", isOutcomeUnknown: true))
      #expect(try await server.with(tokens, "writer").put("web").status == 503)
      #expect(server.log.audit.isEmpty)
    }
  }

  @Test("A name in a path can't forge a line: it is refused before")
  func forgery() async throws {
    try await withServer { server in
      for name in ["web%0Aaudit", "web%0D%0A", "web%1B%5B2J", "a%20by=admin", "%E2%80%AEweb"] {
        let reply = try await server.put(
          "/v1/services/\(name)/instances/a", #"{"address":"10.0.0.1"}"#)
        #expect(reply.status == 400)
        let id = try await server.put(
          "/v1/services/web/instances/\(name)", #"{"address":"10.0.0.1"}"#)
        #expect(id.status == 400)
      }
      #expect(server.log.audit.isEmpty)
      for line in server.log.lines where line.message == "request" {
        // The path is logged as it was sent, percent signs and all.
        #expect(line.metadata.values.allSatisfy { $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } })
      }
    }
  }
}
