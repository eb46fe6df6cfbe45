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

  @Test("A renewal does not wait for registrations that are being stored")
  func beforeRegistrations() async throws {
    let (commits, committing) = AsyncStream.makeStream(of: Void.self)
    let (releases, release) = AsyncStream.makeStream(of: Void.self)
    let store = MemoryStore {
      committing.yield()
      await releases.first { true }
    }
    // The commit of the start, and that of the instance that is renewed.
    for _ in 0..<2 { release.yield() }
    try await withServer(store: store) { (server: TestServer) async throws in
      #expect(try await server.put(Self.path, #"{"address": "10.0.0.1"}"#).status == 201)
      async let other = server.put("/v1/services/web/instances/b", #"{"address": "10.0.0.2"}"#)
      var seen = commits.makeAsyncIterator()
      for _ in 0..<3 { _ = await seen.next() }
      #expect(try await server.post(Self.path + "/renew").status == 200)
      let list = #"{"renewals": [{"service": "web", "id": "a"}]}"#
      #expect(try await server.post("/v1/renewals", list).body.contains(#""status":200"#))
      release.yield()
      #expect(try await other.status == 201)
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
