// Changes that are carried out only if the instance is as the client thinks.

import ServiceRegistry
import Testing

@testable import RegistryAPI

@Suite("Conditional requests") struct ConditionTests {
  private static let path = "/v1/services/web/instances/a"
  private static let body = #"{"address": "10.0.0.1"}"#
  private static let other = #"{"address": "10.0.0.2"}"#

  private func put(
    _ server: TestServer, _ fields: [String], _ body: String = other
  ) async throws -> Reply {
    try await server.curl(
      Self.path,
      ["-X", "PUT", "-d", body, "-H", "Content-Type: application/json"]
        + fields.flatMap { ["-H", $0] })
  }

  @Test("Each reply that shows an instance has its revision as ETag")
  func tags() async throws {
    try await withServer { server in
      let new = try await server.put(Self.path, Self.body)
      #expect((new.status, new.headers["etag"]) == (201, #""1""#))
      #expect(try await server.put(Self.path, Self.body).headers["etag"] == #""1""#)
      #expect(try await server.put(Self.path, Self.other).headers["etag"] == #""2""#)
      for reply in [
        try await server.curl(Self.path), try await server.curl(Self.path, ["--head"]),
        try await server.post(Self.path + "/renew"),
      ] { #expect(reply.headers["etag"] == #""2""#) }
      #expect(try await server.post(Self.path + "/drain").headers["etag"] == #""3""#)
    }
  }

  @Test(
    "What the instance must be, or must not be, decides on a PUT",
    arguments: [
      (#"If-Match: "1""#, 200), (#"If-Match: *"#, 200), (#"If-Match: "7", "1""#, 200),
      (#"If-Match: "2""#, 412), (#"If-Match: W/"1""#, 412), (#"If-Match: "x""#, 412),
      (#"If-Match: "01x""#, 412), ("If-None-Match: *", 412), (#"If-None-Match: "1""#, 412),
      (#"If-None-Match: W/"1""#, 412), (#"If-None-Match: "2""#, 200), ("If-Match: 1", 400),
      ("If-Match: \"1", 400), ("If-None-Match: \"1\",", 400),
    ])
  func replacing(field: String, status: Int) async throws {
    try await withServer { server in
      _ = try await server.put(Self.path, Self.body)
      let reply = try await put(server, [field])
      #expect(reply.status == status)
      let revision = try await server.curl(Self.path).instance().revision
      #expect(revision == (status == 200 ? 2 : 1))
      guard status == 412 else { return }
      #expect(try reply.problem().type == "urn:rollcall:problem:precondition-failed")
      #expect(reply.headers["etag"] == #""1""#)
      #expect(try reply.json()["revision"] == 1)
    }
  }

  @Test("Without an instance If-Match fails and If-None-Match holds")
  func creating() async throws {
    try await withServer { server in
      for field in ["If-Match: *", #"If-Match: "1""#] {
        let reply = try await put(server, [field])
        #expect(reply.status == 412)
        #expect(try reply.json()["revision"] == .null)
      }
      #expect(try await put(server, ["If-None-Match: *"]).status == 201)
      #expect(try await put(server, ["If-None-Match: *"]).status == 412)
    }
  }

  @Test("Of many who create at once with If-None-Match one succeeds")
  func race() async throws {
    try await withServer { server in
      let replies = try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<16 {
          group.addTask {
            let body = #"{"address": "10.0.0.\#(number + 1)"}"#
            return try await put(server, ["If-None-Match: *"], body).status
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(replies.sorted() == [201] + Array(repeating: 412, count: 15))
      #expect(try await server.curl(Self.path).instance().revision == 1)
    }
  }

  @Test("A DELETE is as conditional, and of what is not there 404")
  func deleting() async throws {
    try await withServer { server in
      func delete(_ field: String) async throws -> Int {
        try await server.curl(Self.path, ["-X", "DELETE", "-H", field]).status
      }
      #expect(try await delete("If-Match: *") == 404)
      _ = try await server.put(Self.path, Self.body)
      #expect(try await delete(#"If-Match: "2""#) == 412)
      #expect(try await delete("If-None-Match: *") == 412)
      #expect(try await delete("If-Match: x") == 400)
      #expect(try await delete(#"If-Match: "1""#) == 204)
      #expect(try await server.curl(Self.path).status == 404)
    }
  }

  @Test("A renewal and a drain are carried out only on the instance that the client means")
  func renewing() async throws {
    try await withServer { server in
      func post(_ call: String, _ field: String, _ body: String? = nil) async throws -> Reply {
        let data = body.map { ["-d", $0, "-H", "Content-Type: application/json"] } ?? []
        return try await server.curl(
          Self.path + "/" + call, ["-X", "POST", "-H", field] + data)
      }
      for call in ["renew", "drain"] { #expect(try await post(call, "If-Match: *").status == 404) }
      _ = try await server.put(Self.path, Self.body)
      let critical = #"{"status": "critical"}"#
      for (call, body) in [("renew", nil), ("renew", critical), ("drain", nil)] {
        let refused = try await post(call, #"If-Match: "7""#, body)
        #expect((refused.status, refused.headers["etag"]) == (412, #""1""#), "\(call)")
        #expect(try await post(call, "If-Match: 1", body).status == 400)
      }
      #expect(try await server.curl(Self.path).instance().status == "passing")
      #expect(try await post("renew", #"If-Match: "1""#).headers["etag"] == #""1""#)
      #expect(try await post("renew", #"If-Match: "1""#, critical).headers["etag"] == #""2""#)
      #expect(try await post("drain?wait=true", #"If-Match: "1""#).status == 412)
      let drained = try await post("drain", #"If-Match: "2""#).instance()
      #expect((drained.status, drained.revision) == ("draining", 3))
    }
  }

  @Test("A service has its revision as ETag, also for changes of its settings")
  func services() async throws {
    try await withServer { server in
      func change(_ method: String, _ field: String, _ body: String = "{}") async throws -> Reply {
        try await server.curl(
          "/v1/services/web",
          ["-X", method, "-H", field, "-d", body, "-H", "Content-Type: application/json"])
      }
      let ttl = #"{"ttl_seconds": 9}"#
      #expect(try await change("PUT", "If-Match: *", ttl).status == 412)
      #expect(try await change("DELETE", "If-Match: *").status == 404)
      let made = try await change("PUT", "If-None-Match: *", ttl)
      #expect((made.status, made.headers["etag"]) == (201, #""1""#))
      // An instance's change is one of its service.
      _ = try await server.put(Self.path, Self.body)
      let refused = try await change("PUT", #"If-Match: "1""#, "{}")
      #expect((refused.status, refused.headers["etag"]) == (412, #""2""#))
      #expect(try refused.json()["revision"] == 2)
      #expect(try await change("PUT", "If-Match: 2").status == 400)
      let shown = try await server.curl("/v1/services/web")
      #expect(shown.headers["etag"] == #""2""#)
      #expect(try shown.json()["ttl_seconds"] == 9)
      #expect(try await change("PUT", #"If-Match: "2""#).headers["etag"] == #""3""#)
      let known = try await server.curl("/v1/services/web", ["-H", #"If-None-Match: "3""#])
      #expect((known.status, known.headers["etag"], known.body) == (304, #""3""#, ""))
      #expect(try await change("DELETE", #"If-Match: "2""#).status == 412)
      #expect(try await change("DELETE", #"If-Match: "3""#).status == 204)
    }
  }

  @Test("Of many who change settings of one revision at once one succeeds")
  func settingsRace() async throws {
    try await withServer { server in
      _ = try await server.put("/v1/services/web", "{}")
      let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 1...16 {
          group.addTask {
            let fields = ["-H", #"If-Match: "1""#, "-H", "Content-Type: application/json"]
            return try await server.curl(
              "/v1/services/web", ["-X", "PUT", "-d", #"{"ttl_seconds": \#(number)}"#] + fields
            ).status
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(statuses.sorted() == [200] + Array(repeating: 412, count: 15))
    }
  }

  @Test("A GET of what the client has is 304")
  func reading() async throws {
    try await withServer { server in
      _ = try await server.put(Self.path, Self.body)
      for (field, status) in [
        (#"If-None-Match: "1""#, 304), (#"If-None-Match: W/"1""#, 304), ("If-None-Match: *", 304),
        (#"If-None-Match: "2", "1""#, 304), (#"If-None-Match: "2""#, 200),
      ] {
        let reply = try await server.curl(Self.path, ["-H", field])
        #expect((reply.status, reply.headers["etag"]) == (status, #""1""#), "\(field)")
        #expect(reply.body.isEmpty == (status == 304))
      }
    }
  }

  @Test("A store that fails is told of before, and a failed condition changes nothing")
  func failingStore() async throws {
    try await withServer { server in
      _ = try await server.put(Self.path, Self.body)
      let commits = server.store.commits
      #expect(try await put(server, [#"If-Match: "9""#]).status == 412)
      #expect(server.store.commits == commits)
      server.store.fail(with: StoreError(reason: "disk full", isOutcomeUnknown: false))
      #expect(try await put(server, [#"If-Match: "1""#]).status == 503)
      #expect(try await server.curl(Self.path).instance().revision == 1)
    }
  }
}
