// Renewing a lease over HTTP.

import Testing

@Suite("Renewal") struct RenewalTests {
  static let path = "/v1/services/web/instances/a"

  @Test("A renewal shows the instance and changes nothing")
  func renewal() async throws {
    try await withServer { server in
      _ = try await server.put(Self.path, #"{"address": "10.0.0.1"}"#)
      for body in [nil, "{}", #"{"status": "passing"}"#] {
        let reply = try await server.post(Self.path + "/renew", body)
        #expect(reply.status == 200)
        #expect(try (reply.instance().revision, reply.instance().status) == (1, "passing"))
        #expect(try reply.instance().warnings == nil)
      }
    }
  }

  @Test("A renewal with another status is a change")
  func status() async throws {
    try await withServer { server in
      _ = try await server.put(Self.path, #"{"address": "10.0.0.1"}"#)
      let reply = try await server.post(Self.path + "/renew", #"{"status": "critical"}"#)
      #expect(reply.status == 200)
      #expect(try (reply.instance().revision, reply.instance().status) == (2, "critical"))
    }
  }

  @Test("A renewal of what is not there is 404 and says what to do")
  func unknown() async throws {
    try await withServer { server in
      for body in [nil, #"{"status": "critical"}"#] {
        let problem = try await server.post(Self.path + "/renew", body).problem()
        #expect((problem.status, problem.type) == (404, "urn:rollcall:problem:unknown-instance"))
        #expect(problem.detail.contains("register it again"))
      }
    }
  }

  @Test("A renewal's body holds nothing but a status")
  func wrongBody() async throws {
    try await withServer { server in
      _ = try await server.put(Self.path, #"{"address": "10.0.0.1"}"#)
      for (body, field) in [
        (#"{"weight": 2}"#, "weight"), (#"{"status": "up"}"#, "status"),
        (#"{"status": null}"#, "status"),
      ] {
        let problem = try await server.post(Self.path + "/renew", body).problem()
        #expect((problem.status, problem.field) == (400, field))
      }
    }
  }
}
