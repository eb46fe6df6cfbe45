// Event streams and waiting calls: parameters, limits, heartbeats, and what ends them.

import Foundation
import ServiceRegistry
import TestSupport
import Testing

@testable import RegistryAPI

@Suite("Watching", .timeLimit(.minutes(2))) struct WatchingTests {
  private static let list = "/v1/services/web/instances"
  private static let body = #"{"address":"10.0.0.1"}"#

  private func waitForWatchers(_ server: TestServer, _ count: Int) async throws {
    try await wait(for: "\(count) watchers") {
      let figures = server.api.broadcast.figures
      return figures.streams + figures.waitingCalls == count
    }
  }

  @Test(
    "Wrong parameters are refused",
    arguments: [
      ("\(list)?wait=3", "wait"), ("\(list)?after=x", "after"), ("\(list)?after=-1", "after"),
      ("\(list)?after=", "after"), ("\(list)?after=99999999999999999999", "after"),
      ("\(list)?after=0&wait=301", "wait"), ("\(list)?after=0&wait=1.5", "wait"),
      ("\(list)?after=0&after=0", "after"), ("/v1/events?service=a,,b", "service"),
      ("/v1/events?service=", "service"), ("/v1/events?service=a_b", "service"),
      ("/v1/events?services=a", "services"), ("/v1/events?service=a&service=b", "service"),
      (
        "/v1/events?service=" + (0...64).map { "s\($0)" }.joined(separator: ","), "service"
      ),
    ])
  func parameters(path: String, field: String) async throws {
    try await withServer { server in
      let problem = try await server.curl(path).problem()
      #expect((problem.status, problem.field) == (400, field))
    }
  }

  @Test("A list that has changed, or is asked for without waiting, comes at once")
  func noWait() async throws {
    try await withServer { server in
      _ = try await server.put("\(Self.list)/a", Self.body)
      for query in ["after=0", "after=0&wait=300", "after=1&wait=0", "after=2&wait=300"] {
        let list = try await server.curl("\(Self.list)?\(query)").json()
        #expect(list["revision"] == 1 && list["instances"]?.count == 1, "\(query)")
      }
      let unknown = try await server.curl("/v1/services/api/instances?after=0&wait=0")
      #expect(unknown.status == 404)
    }
  }

  @Test("A call waits until its service changes, is made, or is removed; filters stay in force")
  func waiting() async throws {
    try await withServer { server in
      async let made = server.curl("\(Self.list)?after=0&wait=300")
      try await waitForWatchers(server, 1)
      _ = try await server.put("/v1/services/api/instances/a", Self.body)
      _ = try await server.put("\(Self.list)/a", Self.body)
      #expect(try await made.json()["revision"] == 2)
      try await waitForWatchers(server, 0)

      async let changed = server.curl("\(Self.list)?after=2&wait=300&status=critical")
      try await waitForWatchers(server, 1)
      _ = try await server.put("/v1/services/api/instances/b", Self.body)
      _ = try await server.post("\(Self.list)/a/renew")
      _ = try await server.post("\(Self.list)/a/renew", #"{"status":"critical"}"#)
      let list = try await changed.json()
      #expect(list["revision"] == 4 && list["instances"]?.count == 1)
      try await waitForWatchers(server, 0)

      async let removed = server.curl("\(Self.list)?after=4&wait=300")
      try await waitForWatchers(server, 1)
      _ = try await server.curl("/v1/services/web", ["-X", "DELETE"])
      #expect(try await removed.status == 404)
      #expect(try await server.curl("\(Self.list)?after=4&wait=300").status == 404)
    }
  }

  @Test("When the time is over the reply is the unchanged list, or that there is none")
  func timeout() async throws {
    try await withServer { server in
      _ = try await server.put("\(Self.list)/a", Self.body)
      let list = try await server.curl("\(Self.list)?after=1&wait=1")
      #expect(try list.status == 200 && list.json()["revision"] == 1)
      #expect(try await server.curl("/v1/services/api/instances?after=1&wait=1").status == 404)
    }
  }

  @Test("A client that goes away leaves no watcher behind")
  func gone() async throws {
    try await withServer { server in
      for path in ["\(Self.list)?after=0&wait=300", "/v1/events", "/v1/events?service=web"] {
        let client = Task { try await server.curl(path, ["--max-time", "5"]) }
        try await waitForWatchers(server, 1)
        await #expect(throws: Reply.CurlError.self) { try await client.value }
        try await waitForWatchers(server, 0)
      }
      #expect(!server.api.broadcast.isListening)
      let head = try await server.curl("/v1/events", ["--head"])
      #expect(head.status == 200 && head.headers["content-type"] == "text/event-stream")
      #expect(server.api.broadcast.figures.streams == 0)
    }
  }

  @Test("One watcher too many is told to come again; the others and other calls are served")
  func limit() async throws {
    var limits = HTTPConnectionLimits()
    limits.connections = 2
    limits.watchers = 3
    try await withServer(limits: limits) { server in
      let paths = ["\(Self.list)?after=0&wait=300", "/v1/events", "/v1/events?service=web"]
      // One after the other: three that have not asked yet would be one connection too many.
      var clients: [Task<Reply, any Error>] = []
      for path in paths {
        clients.append(Task { try await server.curl(path) })
        try await waitForWatchers(server, clients.count)
      }
      for path in paths {
        let reply = try await server.curl(path)
        #expect(try reply.problem().type == "urn:rollcall:problem:too-many-watchers")
        #expect(reply.status == 503 && reply.headers["retry-after"] == "1")
        #expect(try reply.problem().limit == 3)
      }
      #expect(try await server.put("\(Self.list)/a", Self.body).status == 201)
      #expect(try await clients[0].value.status == 200)
      async let again = server.curl("\(Self.list)?after=1&wait=300")
      try await waitForWatchers(server, 3)
      _ = try await server.curl("\(Self.list)/a", ["-X", "DELETE"])
      #expect(try await again.status == 200)
      for client in clients { client.cancel() }
    }
  }

  @Test("While nothing happens a comment comes, until the token is no token any more")
  func heartbeat() async throws {
    var limits = HTTPConnectionLimits()
    limits.heartbeatSeconds = 1
    let tokens = try TestTokens.usual()
    try await withServer(tokens: tokens.table, limits: limits) { server in
      let events = Task { try await server.with(tokens, "below").curl("GET", "/v1/events") }
      try await waitForWatchers(server, 1)
      let wait = Task {
        try await server.with(tokens, "below").curl(
          "GET", "/v1/services/web.prod/instances?after=0&wait=300")
      }
      try await waitForWatchers(server, 2)
      _ = try await server.with(tokens, "writer").put("web.dev")
      server.access.replaceTokens(TokenTable())
      let text = try await events.value.body
      #expect(text.replacing(":\n\n", with: "") == ": events from here on\nid: 0\n\n")
      _ = try await server.registry.register(InstanceKey("web.prod", "a"), .example)
      #expect(try await wait.value.status == 401)
    }
  }
}
