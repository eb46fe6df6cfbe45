// RollcallClient against the program: what applications get who link it.

import Logging
import RollcallClient
import ServiceLifecycle
import TestSupport
import Testing

extension EndToEnd {
  @Suite("The client library")
  struct ClientLibrary {
    private func access(_ server: RunningServer) throws -> RollcallClient.ServerAccess {
      try RollcallClient.ServerAccess("http://\(server.ready.http)")
    }

    private func directory(_ server: RunningServer) throws -> DNSDirectory {
      try DNSDirectory(.init(servers: [server.ready.dns]))
    }

    private func instance(_ number: Int) -> Instance {
      var instance = Instance(service: "web", id: "web-\(number)", port: 8080)
      instance.addresses = ["10.0.0.\(number)"]
      return instance
    }

    /// Settings that let an answer count for no time, so that each call asks.
    private func answerAnew(_ server: RunningServer) async throws {
      _ = try await server.curl("PUT", "/v1/services/web", #"{"ttl_seconds": 0}"#)
    }

    @Test("An instance is found while its application runs, and gone when that has shut down")
    func wholeLife() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await answerAnew(server)
        let directory = try directory(server)
        #expect(try await directory.endpoints(of: "web").isEmpty)
        let registration = Registration(instance(1), at: try access(server))
        let application = ServiceGroup(
          services: [registration], logger: Logger(label: "application"))
        async let end: Void = application.run()
        let endpoint = Endpoint(
          address: "10.0.0.1", port: 8080, host: "web-1.web.mesh.internal")
        try await wait(for: "the instance") {
          try await directory.endpoints(of: "web") == [endpoint]
        }
        registration.setStatus(.critical)
        try await wait(for: "its status") { try await directory.endpoints(of: "web").isEmpty }
        registration.setStatus(.passing)
        try await wait(for: "its return") { try await directory.endpoints(of: "web").count == 1 }
        await application.triggerGracefulShutdown()
        try await end
        #expect(try await server.curl("GET", "/v1/services/web/instances/web-1").status == 404)
      }
    }

    @Test("Answers that need TCP have all instances, and each comes first in turn")
    func largeAnswer() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await answerAnew(server)
        for number in 1...60 {
          try await server.register(
            "web", "web-\(number)", #"{"address": "10.0.1.\#(number)", "port": 80}"#)
        }
        let directory = try directory(server)
        var first: Set<String> = []
        for _ in 1...60 {
          let endpoints = try await directory.endpoints(of: "web")
          #expect(Set(endpoints.map(\.address)).count == 60)
          if let endpoint = endpoints.first { first.insert(endpoint.address) }
        }
        #expect(first.count == 60)
      }
    }

    @Test("Addresses that a datagram has no room for are asked for")
    func missingAddresses() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let name = "an-instance-with-a-name-that-takes-room-in-an-answer"
        for number in 1...12 {
          try await server.register(
            "web", "\(name)-\(number)", #"{"address": "fd00::\#(number)", "port": 80}"#)
        }
        let reply = try await server.dig("web.mesh.internal", "SRV", "+bufsize=1232")
        try #require(reply.additional.count < 12)
        let endpoints = try await directory(server).endpoints(of: "web")
        #expect(Set(endpoints.map(\.address)).count == 12)
      }
    }

    @Test("A service that does not exist is unknown, and one without instances has none")
    func absence() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await answerAnew(server)
        let directory = try directory(server)
        #expect(try await directory.endpoints(of: "web").isEmpty)
        let error = await #expect(throws: RollcallError.self) {
          try await directory.endpoints(of: "nothing")
        }
        #expect(error?.kind == .serviceUnknown)
      }
    }

    @Test(
      "While the server is away, the last known instances are served, and leases are kept after")
    func outage() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await answerAnew(server)
        let directory = try directory(server)
        let registration = Registration(instance(1), at: try access(server), ending: .deregister)
        let run = Task { try await registration.run() }
        defer { run.cancel() }
        try await wait(for: "the instance") {
          try await directory.endpoints(of: "web").count == 1
        }
        server.kill()
        for _ in 1...3 { #expect(try await directory.endpoints(of: "web").count == 1) }
        let again = try await server.startAgain()
        _ = try await again.curl("DELETE", "/v1/services/web/instances/web-1")
        registration.setStatus(.warning)
        try await wait(for: "another registration") {
          try await again.curl("GET", "/v1/services/web/instances/web-1")["status"] == "warning"
        }
      }
    }

    @Test("Changes of a service are followed, over a restart of the server too")
    func changes() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        var changes = ServiceWatch(try access(server)).changes(of: "web").makeAsyncIterator()
        #expect(try await changes.next()?.map(\.address) == [])
        let json = #"{"address": "10.0.0.1", "port": 80, "lease_seconds": null}"#
        try await server.register("web", "web-1", json)
        #expect(try await changes.next()?.map(\.address) == ["10.0.0.1"])
        let again = try await server.killAndStartAgain()
        try await again.register(
          "web", "web-2", json.replacing("10.0.0.1", with: "10.0.0.2"))
        #expect(try await changes.next()?.map(\.address) == ["10.0.0.1", "10.0.0.2"])
        _ = try await again.curl("DELETE", "/v1/services/web")
        #expect(try await changes.next()?.map(\.address) == [])
      }
    }
  }
}
