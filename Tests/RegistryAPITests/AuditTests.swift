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

  @Test("A bulk call with many changes is one line with counts and services")
  func largeBulk() async throws {
    try await withServer { server in
      let items = (0...AuditLog.namedChanges).map { number in
        #"{"service":"s\#(number % 22)","id":"i\#(number)","address":"10.0.0.1"}"#
      }
      let body = #"{"instances":[\#(items.joined(separator: ",")),{"service":"web"}]}"#
      for _ in 0..<2 { _ = try await server.post("/v1/instances", body) }
      let renewals = (0...AuditLog.namedChanges).map { number in
        #"{"service":"s\#(number % 22)","id":"i\#(number)","status":"critical"}"#
      }
      let renewal = #"{"renewals":[\#(renewals.joined(separator: ","))]}"#
      for _ in 0..<2 { _ = try await server.post("/v1/renewals", renewal) }
      let names = (0..<22).map { "s\($0)" }.sorted().prefix(AuditLog.namedServices)
      let usual = [
        "by": "anonymous", "from": "127.0.0.1",
        "services": names.joined(separator: ",") + " and 2 more",
      ]
      let expected: [[String: String]] = [
        ["what": "bulk-register", "new": "101", "replaced": "0"],
        ["what": "bulk-renew", "status_changes": "101"],
      ]
      #expect(server.log.audit == expected.map { $0.merging(usual) { $1 } })
    }
  }

  @Test("A bulk call with few changes is a line for each")
  func smallBulk() async throws {
    try await withServer { server in
      let body =
        #"{"instances":[{"service":"web","id":"a","port":1},{"service":"web","id":"b"}]}"#
      for _ in 0..<2 { _ = try await server.post("/v1/instances", body) }
      let renewals =
        #"{"renewals":[{"service":"web","id":"a","status":"critical"},{"service":"web","id":"x"}]}"#
      for _ in 0..<2 { _ = try await server.post("/v1/renewals", renewals) }
      let usual = ["by": "anonymous", "from": "127.0.0.1", "service": "web", "id": "a"]
      let expected = [["what": "register", "revision": "1"], ["what": "status", "revision": "2"]]
      #expect(server.log.audit == expected.map { $0.merging(usual) { $1 } })
    }
  }

  @Test(
    "What may be in effect after a restart though it could not be stored has a line",
    arguments: [
      (
        "PUT", "/v1/services/web/instances/a", #"{"port":1}"#,
        ["method": "PUT", "path": "/v1/services/web/instances/a"]
      ),
      (
        "POST", "/v1/instances", #"{"instances":[{"service":"web","id":"b","port":1}]}"#,
        ["asked": "register", "changes": "1"]
      ),
    ])
  func unknownOutcome(
    _ method: String, _ path: String, _ body: String, _ line: [String: String]
  ) async throws {
    try await withServer { server in
      server.store.fail(with: StoreError(reason: "torn", isOutcomeUnknown: true))
      _ = try await method == "PUT" ? server.put(path, body) : server.post(path, body)
      let usual = ["by": "anonymous", "from": "127.0.0.1", "what": "outcome-unknown"]
      #expect(server.log.audit == [line.merging(usual) { $1 }])
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
      server.store.fail(with: StoreError(reason: "full", isOutcomeUnknown: false))
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
