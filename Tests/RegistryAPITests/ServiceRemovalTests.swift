// Removing a service over HTTP.

import ServiceRegistry
import Testing

@testable import RegistryAPI

@Suite("Removal of a service") struct ServiceRemovalTests {
  static let body = #"{"address": "10.0.0.1"}"#

  @Test("204, and the service and its instances are gone; then 404")
  func removal() async throws {
    try await withServer { server in
      for id in ["a", "b"] {
        _ = try await server.put("/v1/services/web/instances/\(id)", Self.body)
      }
      let reply = try await server.curl("/v1/services/Web", ["-X", "DELETE"])
      #expect((reply.status, reply.body) == (204, ""))
      #expect(try await server.curl("/v1/services/web").status == 404)
      #expect(try await server.curl("/v1/services/web/instances/a").status == 404)
      #expect(try await server.post("/v1/services/web/instances/a/renew").status == 404)
      let again = try await server.curl("/v1/services/web", ["-X", "DELETE"]).problem()
      #expect((again.status, again.type) == (404, "urn:rollcall:problem:unknown-service"))
    }
  }

  @Test("A commit that fails is 503, and all is as before")
  func failure() async throws {
    try await withServer { server in
      _ = try await server.put("/v1/services/web/instances/a", Self.body)
      server.store.fail(with: StoreError(reason: "disk full", isOutcomeUnknown: false))
      #expect(try await server.curl("/v1/services/web", ["-X", "DELETE"]).status == 503)
      server.store.fail(with: nil)
      #expect(try await server.curl("/v1/services/web/instances/a").status == 200)
      #expect(try await server.post("/v1/services/web").status == 405)
    }
  }
}
