// Starting, stopping and failing.

import Foundation
import Hummingbird
import ServiceLifecycle
import ServiceRegistry
import Testing

@testable import RegistryAPI

@Suite("Server") struct ServerTests {
  static let path = "/v1/services/web/instances/a"
  static let body = #"{"address": "10.0.0.1"}"#

  @Test("/healthz is always 200, /readyz only when the server is ready")
  func readiness() async throws {
    try await withServer { server in
      let health = try await server.curl("/healthz")
      #expect(health.body == #"{"status":"ok","version":"1.2.3"}"# + "\n")
      #expect(try await server.curl("/readyz").status == 503)
      server.api.setReady()
      let ready = try await server.curl("/readyz")
      #expect((ready.status, ready.body) == (200, #"{"status":"ready"}"# + "\n"))
    }
  }

  @Test("An address in use is an error that names it")
  func addressInUse() async throws {
    try await withServer { server in
      let second = server.api.makeServer(host: "127.0.0.1", port: server.port) { _ in }
      let error = await #expect(throws: APIServerError.self) { try await second.run() }
      #expect(
        error?.description
          == "can't listen for HTTP on 127.0.0.1:\(server.port): Address already in use")
      let elsewhere = server.api.makeServer(host: "2001:db8::1", port: 80) { _ in }
      let otherError = await #expect(throws: APIServerError.self) { try await elsewhere.run() }
      let start = "can't listen for HTTP on [2001:db8::1]:80: "
      #expect(otherError?.description.hasPrefix(start) == true)
    }
  }

  @Test("Two listeners share one registry")
  func twoListeners() async throws {
    try await withServer { server in
      #expect(try await server.put(Self.path, Self.body).status == 201)
      let (ports, listening) = AsyncStream.makeStream(of: Int.self)
      let second = server.api.makeServer(host: "127.0.0.2", port: 0) { listening.yield($0) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await second.run() }
        let port = try #require(await ports.first { _ in true })
        let url = "http://127.0.0.2:\(port)\(Self.path)"
        #expect(try await Reply.fromCurl([url], body: nil).status == 200)
        group.cancelAll()
      }
    }
  }

  @Test("A graceful shutdown answers what is under way and closes the port")
  func gracefulShutdown() async throws {
    let (commits, committing) = AsyncStream.makeStream(of: Void.self)
    let (releases, release) = AsyncStream.makeStream(of: Void.self)
    let store = MemoryStore {
      committing.yield()
      await releases.first { true }
    }
    release.yield()  // The commit of the start.
    let stopped = try await withStoppableServer(store: store) { running, lifecycle in
      async let reply = running.put(Self.path, Self.body)
      var commitsSeen = commits.makeAsyncIterator()
      _ = await commitsSeen.next()
      _ = await commitsSeen.next()
      await lifecycle.triggerGracefulShutdown()
      release.yield()
      let status = try await reply.status
      #expect(status == 201)
    }
    await #expect(throws: Reply.CurlError.self) {
      // Somebody else may have the port by now, and say nothing.
      try await stopped.curl("/healthz", ["--max-time", "10"])
    }
  }

  // MARK: Changes that fail

  @Test("A failed commit is 503, says why and whether it may be stored")
  func failedCommit() async throws {
    try await withServer { server in
      #expect(try await server.put(Self.path, Self.body).status == 201)
      let attempts: [(TestServer) async throws -> Reply] = [
        { try await $0.put("/v1/services/web/instances/b", Self.body) },
        { try await $0.post(Self.path + "/renew", #"{"status": "critical"}"#) },
        { try await $0.curl(Self.path, ["-X", "DELETE"]) },
      ]
      for (isUnknown, outcome) in [(true, "unknown"), (false, "not-stored")] {
        for attempt in attempts {
          server.store.fail(
            with: StoreError(reason: "disk on fire", isOutcomeUnknown: isUnknown))
          let reply = try await attempt(server)
          #expect(reply.status == 503)
          #expect(try reply.problem().type == "urn:rollcall:problem:not-committed")
          #expect(try reply.problem().outcome == outcome)
          #expect(reply.body.contains("disk on fire"))
          // What changes nothing needs no store.
          #expect(try await server.post(Self.path + "/renew").status == 200)
          server.store.fail(with: nil)
          #expect(try await server.curl("/v1/services/web/instances/b").status == 404)
          // This settles what the failure left in doubt.
          #expect(try await server.put(Self.path, Self.body).instance().status == "passing")
        }
      }
      server.store.fail(with: nil)
      #expect(try await server.put("/v1/services/web/instances/b", Self.body).status == 201)
    }
  }

  @Test("A full inbox is 503 with Retry-After, a full registry 507 with its limit")
  func full() {
    let busy = Problem(RegistryError.busy).response
    #expect((busy.status.code, busy.headers[.retryAfter]) == (503, "1"))
    let full = Problem(RegistryError.limitReached("services", limit: 500_000))
    #expect((full.status.code, full.limit) == (507, 500_000))
  }
}
