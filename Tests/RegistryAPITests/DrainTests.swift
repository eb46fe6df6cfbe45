// Draining over HTTP.

import Hummingbird
import ServiceLifecycle
import ServiceRegistry
import TestSupport
import Testing

@testable import RegistryAPI

@Suite("Drain") struct DrainTests {
  static let path = "/v1/services/web/instances/a"
  static let body = #"{"address": "10.0.0.1", "port": 80}"#
  /// Six seconds after the time at which the server stands.
  static let safeAt = "2026-01-02T03:04:11.678Z"

  @Test("The reply, and each later look, say that it drains and when it is gone")
  func drain() async throws {
    try await withServer { server in
      _ = try await server.put(Self.path, Self.body)
      #expect(try await server.curl(Self.path).instance().safeAt == nil)
      for body in [nil, "{}"] {
        let reply = try await server.post(Self.path + "/drain", body)
        #expect(reply.status == 200)
        let instance = try reply.instance()
        #expect((instance.status, instance.revision) == ("draining", 2))
        #expect((instance.safeAt, instance.warnings) == (Self.safeAt, nil))
      }
      for shown in [
        try await server.curl(Self.path), try await server.post(Self.path + "/renew"),
      ] {
        #expect(shown.status == 200)
        #expect(try (shown.instance().status, shown.instance().safeAt) == ("draining", Self.safeAt))
      }
      let service = try await server.curl("/v1/services/web").json()
      #expect(service["live_count"] == 0 && service["instance_count"] == 1)
    }
  }

  @Test("Lists show those that drain, and only these when asked to")
  func lists() async throws {
    try await withServer { server in
      _ = try await server.put(Self.path, Self.body)
      _ = try await server.put("/v1/services/web/instances/b", Self.body)
      _ = try await server.post(Self.path + "/drain")
      for (status, id) in [("draining", "a"), ("passing", "b")] {
        let list = try await server.curl("/v1/services/web/instances?status=\(status)").json()
        #expect(list["instances"]?.count == 1)
        #expect(list["instances"]?[0]?["id"] == .string(id))
        #expect(list["instances"]?[0]?["status"] == .string(status))
      }
    }
  }

  @Test("A registration ends it, also one of many at once; nobody can register as draining")
  func registration() async throws {
    try await withServer { server in
      _ = try await server.put(Self.path, Self.body)
      _ = try await server.post(Self.path + "/drain")
      let again = try await server.put(Self.path, Self.body)
      #expect(again.status == 200)
      #expect(try (again.instance().status, again.instance().revision) == ("passing", 3))
      _ = try await server.post(Self.path + "/drain")
      let bulk = try await server.post(
        "/v1/instances",
        #"{"instances":[{"service":"web","id":"a","address":"10.0.0.1","port":80}]}"#)
      #expect(try bulk.json()["results"]?[0]?["status"] == 200)
      #expect(try bulk.json()["results"]?[0]?["revision"] == 5)
      #expect(try await server.curl(Self.path).instance().status == "passing")
      let refused = try await server.put(
        Self.path, #"{"address": "10.0.0.1", "status": "draining"}"#)
      #expect(try (refused.status, refused.problem().field) == (400, "status"))
    }
  }

  @Test("What is not there, wrong parameters and bodies are refused")
  func refusals() async throws {
    try await withServer { server in
      #expect(try await server.post(Self.path + "/drain").status == 404)
      #expect(try await server.post(Self.path + "/drain?wait=true").status == 404)
      _ = try await server.put(Self.path, Self.body)
      for (query, body, field) in [
        ("?wait=yes", nil, "wait"), ("?wait", nil, "wait"), ("?weit=true", nil, "weit"),
        ("", #"{"seconds": 5}"#, "seconds"),
      ] {
        let problem = try await server.post(Self.path + "/drain" + query, body).problem()
        #expect((problem.status, problem.field) == (400, field))
      }
      #expect(try await server.curl(Self.path + "/drain").status == 405)
      #expect(try await server.curl(Self.path).instance().status == "passing")
    }
  }

  @Test("With wait it replies when the instance is gone")
  func waiting() async throws {
    try await withServer { server in
      _ = try await server.put(Self.path, Self.body)
      async let waiting = server.post(Self.path + "/drain?wait=true")
      try await waitForWaiter(server)
      #expect(try await server.curl(Self.path, ["-X", "DELETE"]).status == 204)
      let reply = try await waiting
      #expect(reply.status == 200)
      #expect(try (reply.instance().status, reply.instance().safeAt) == ("draining", Self.safeAt))
    }
  }

  @Test("With wait it says when somebody has registered the instance anew")
  func ended() async throws {
    try await withServer { server in
      _ = try await server.put(Self.path, Self.body)
      async let waiting = server.post(Self.path + "/drain?wait=true")
      try await waitForWaiter(server)
      #expect(try await server.put(Self.path, Self.body).status == 200)
      let problem = try await waiting.problem()
      #expect((problem.status, problem.type) == (409, "urn:rollcall:problem:drain-ended"))
    }
  }

  @Test("A client that goes away leaves nothing behind")
  func clientGone() async throws {
    try await withServer { server in
      _ = try await server.put(Self.path, Self.body)
      await #expect(throws: Reply.CurlError.self) {
        try await server.curl(
          Self.path + "/drain?wait=true", ["-X", "POST", "--max-time", "1"])
      }
      try await wait(for: "no waiting call") { await server.registry.waitingDrains == 0 }
      #expect(try await server.curl(Self.path).instance().status == "draining")
    }
  }

  @Test("A server that stops does not wait, and says so")
  func shutdown() async throws {
    _ = try await withStoppableServer(store: MemoryStore()) { running, lifecycle in
      _ = try await running.put(Self.path, Self.body)
      async let reply = running.post(Self.path + "/drain?wait=true")
      try await waitForWaiter(running)
      await lifecycle.triggerGracefulShutdown()
      let problem = try await reply.problem()
      #expect((problem.status, problem.type) == (503, "urn:rollcall:problem:wait-abandoned"))
    }
  }

  private func waitForWaiter(_ server: TestServer) async throws {
    try await wait(for: "a waiting call") { await server.registry.hasDrainWaiters }
  }
}
