// Instances whose id the server makes.

import ServiceRegistry
import Testing

@testable import RegistryAPI

@Suite("Ids made by the server") struct CreationTests {
  private static let path = "/v1/services/web/instances"
  private static let body = #"{"address": "10.0.0.1", "port": 80}"#

  private func post(
    _ server: TestServer, key: String, _ body: String = body, path: String = path,
    token: String? = nil
  ) async throws -> Reply {
    let authorization = token.map { ["-H", "Authorization: Bearer \($0)"] } ?? []
    return try await server.curl(
      path,
      [
        "-X", "POST", "-d", body, "-H", "Content-Type: application/json", "-H",
        "Idempotency-Key: \(key)",
      ] + authorization)
  }

  @Test("Each call without a key makes another instance, and says where it is")
  func random() async throws {
    try await withServer { server in
      var ids: Set<String> = []
      for _ in 0..<5 {
        let reply = try await server.post(Self.path, Self.body)
        #expect(reply.status == 201)
        let id = try reply.instance().id
        #expect(id.count == 20 && id.allSatisfy { $0.isLowercase || ("2"..."7").contains($0) })
        #expect(reply.headers["location"] == "\(Self.path)/\(id)")
        #expect(try await server.curl("\(Self.path)/\(id)").instance().addresses == ["10.0.0.1"])
        ids.insert(id)
      }
      #expect(ids.count == 5)
    }
  }

  @Test("The same key and body give the same instance, whatever else is registered meanwhile")
  func repetition() async throws {
    try await withServer { server in
      let first = try await post(server, key: "a")
      _ = try await server.post(Self.path, Self.body)
      let again = try await post(server, key: "a", #"{"port": 80, "addresses": ["10.0.0.1"]}"#)
      #expect((first.status, again.status) == (201, 201))
      #expect(again.headers["location"] == first.headers["location"])
      #expect(try again.instance().revision == first.instance().revision)
      let other = try await post(server, key: "b")
      #expect(other.headers["location"] != first.headers["location"])
      let elsewhere = try await post(server, key: "a", path: "/v1/services/api/instances")
      #expect(try elsewhere.instance().id != first.instance().id)
      #expect(try await server.registry.service(ServiceName("web")).instances.count == 3)
    }
  }

  @Test("A key for another body is 422 and changes nothing, until the instance is gone")
  func reuse() async throws {
    try await withServer { server in
      let first = try await post(server, key: "a")
      let location = try #require(first.headers["location"])
      let problem = try await post(server, key: "a", #"{"address": "10.0.0.2"}"#).problem()
      #expect(problem.status == 422)
      #expect(problem.type == "urn:rollcall:problem:idempotency-key-reused")
      #expect(problem.field == "Idempotency-Key")
      #expect(try await server.curl(location).instance().addresses == ["10.0.0.1"])
      #expect(try await server.curl(location, ["-X", "DELETE"]).status == 204)
      let anew = try await post(server, key: "a", #"{"address": "10.0.0.2"}"#)
      #expect((anew.status, anew.headers["location"]) == (201, location))
    }
  }

  @Test("Calls with one key at the same time make one instance")
  func atOnce() async throws {
    try await withServer { server in
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<12 { group.addTask { try await post(server, key: "a").status } }
        for try await status in group { #expect(status == 201) }
      }
      let instances = try await server.registry.service(ServiceName("web")).instances
      #expect(instances.map(\.instance.revision) == [1])
    }
  }

  @Test("What one token's key means is its own")
  func tokens() async throws {
    let tokens = try TestTokens.usual()
    try await withServer(tokens: tokens.table) { server in
      let writer = try await post(server, key: "a", token: tokens["writer"])
      let admin = try await post(server, key: "a", token: tokens["admin"])
      #expect((writer.status, admin.status) == (201, 201))
      #expect(writer.headers["location"] != admin.headers["location"])
      #expect(try await post(server, key: "a", token: tokens["reader"]).status == 403)
      #expect(try await post(server, key: "a", token: tokens["below"]).status == 403)
      let own = try await post(
        server, key: "a", path: "/v1/services/web.prod/instances", token: tokens["below"])
      #expect(own.status == 201)
    }
  }

  @Test(
    "Keys have a limit and no blanks",
    arguments: [
      (String(repeating: "k", count: 255), 201), (String(repeating: "k", count: 256), 400),
      ("a b", 400), (#""8e03978e""#, 201), ("ü", 400),
    ])
  func keys(key: String, status: Int) async throws {
    try await withServer { server in
      let reply = try await post(server, key: key)
      #expect(reply.status == status)
    }
  }

  @Test("A body that can't be registered is refused as with PUT")
  func refusals() async throws {
    try await withServer { server in
      let empty = try await server.post(Self.path)
      #expect(empty.status == 400)
      #expect(try await server.post(Self.path, "{}").problem().field == "port")
      #expect(try await server.post(Self.path, #"{"id": "a", "port": 1}"#).problem().field == "id")
      #expect(try await server.post("/v1/services/ns/instances", Self.body).status == 400)
    }
  }
}
