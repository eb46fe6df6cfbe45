// A service's settings over HTTP.

import ServiceRegistry
import Testing

@testable import RegistryAPI

@Suite("Settings of a service") struct ServiceSettingsTests {
  @Test("201 makes the service, 200 sets anew what the body says and nothing else")
  func put() async throws {
    try await withServer { server in
      let made = try await server.put("/v1/services/Web", #"{"ttl_seconds": 30}"#)
      #expect(made.status == 201)
      #expect(
        made.body
          == #"{"name":"Web","revision":1,"instance_count":0,"live_count":0,"ttl_seconds":30,"#
          + #""max_answers":null}"# + "\n")
      let other = #"{"ttl_seconds": null, "max_answers": 4}"#
      for _ in 1...2 {
        let set = try await server.put("/v1/services/web", other)
        #expect(set.status == 200)
        #expect(try set.json()["ttl_seconds"] == .null)
        #expect(try set.json()["max_answers"] == .number(4))
        #expect(try set.json()["revision"] == .number(2))
      }
      let shown = try await server.curl("/v1/services/web")
      #expect(try shown.json()["max_answers"] == .number(4))
      let audit = ["what": "configure", "by": "anonymous", "from": "127.0.0.1"]
      #expect(
        server.log.audit == [
          audit.merging(["service": "Web"]) { $1 }, audit.merging(["service": "web"]) { $1 },
        ])
    }
  }

  @Test(
    "What is wrong is refused by name, and there is no service",
    arguments: [
      (#"{"ttl_seconds": 86401}"#, "ttl_seconds"), (#"{"ttl_seconds": -1}"#, "ttl_seconds"),
      (#"{"ttl_seconds": "5"}"#, "ttl_seconds"), (#"{"max_answers": 0}"#, "max_answers"),
      (#"{"max_answers": 4097}"#, "max_answers"), (#"{"max_answer": 1}"#, "max_answer"),
    ])
  func faults(_ body: String, _ field: String) async throws {
    try await withServer { server in
      let problem = try await server.put("/v1/services/web", body).problem()
      #expect((problem.status, problem.field) == (400, field))
      #expect(try await server.curl("/v1/services/web").status == 404)
    }
  }

  @Test("It takes a token that may write all names of the service")
  func access() async throws {
    let tokens = try TestTokens.usual()
    try await withServer(tokens: tokens.table) { server in
      for name in ["reader", "below"] {
        let reply = try await server.with(tokens, name).curl("PUT", "/v1/services/web", "{}")
        #expect(reply.status == 403)
      }
      #expect(try await server.put("/v1/services/web", "{}").status == 401)
    }
  }
}
