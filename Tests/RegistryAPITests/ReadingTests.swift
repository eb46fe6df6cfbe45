// Lists of services and instances.

import Foundation
import ServiceRegistry
import Testing

@testable import RegistryAPI

@Suite("Reading") struct ReadingTests {
  struct Services: Decodable {
    struct Service: Decodable, Equatable {
      let name: String
      let revision: Int
      let instanceCount: Int
      let liveCount: Int
    }
    let services: [Service]
    let nextCursor: String?
  }

  struct Instances: Decodable {
    let instances: [Reply.Instance]
    let revision: Int
    let nextCursor: String?
  }

  static func decode<Value: Decodable>(_ type: Value.Type, _ reply: Reply) throws -> Value {
    #expect(reply.status == 200, "\(reply.body)")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(reply.body.utf8))
  }

  static func fill(
    _ server: TestServer, _ instances: [(service: String, body: String)]
  ) async throws {
    for (number, instance) in instances.enumerated() {
      let path = "/v1/services/\(instance.service)/instances/i\(number)"
      #expect(try await server.put(path, instance.body).status == 201)
    }
  }

  static let address = #"{"address": "10.0.0.1"}"#

  @Test("Services are listed by name, with a cursor while there are more")
  func services() async throws {
    try await withServer { server in
      let empty = try await server.curl("/v1/services")
      #expect(empty.body == #"{"services":[],"next_cursor":null}"# + "\n")
      try await Self.fill(
        server,
        [
          ("web", Self.address), ("api", Self.address), ("db", Self.address),
          ("web", #"{"address": "10.0.0.2", "status": "critical"}"#),
        ])
      let all = try await Self.decode(Services.self, server.curl("/v1/services"))
      #expect(all.services.map(\.name) == ["api", "db", "web"])
      #expect(all.services.last == .init(name: "web", revision: 4, instanceCount: 2, liveCount: 1))
      #expect(all.nextCursor == nil)
      let first = try await Self.decode(Services.self, server.curl("/v1/services?limit=2"))
      #expect(first.services.map(\.name) == ["api", "db"])
      let cursor = try #require(first.nextCursor)
      let rest = try await Self.decode(
        Services.self, server.curl("/v1/services?limit=2&cursor=\(cursor)"))
      #expect(rest.services.map(\.name) == ["web"])
      #expect(rest.nextCursor == nil)
    }
  }

  @Test("A service is shown with its counts and its instances")
  func service() async throws {
    try await withServer { server in
      try await Self.fill(
        server, [("web", Self.address), ("web", #"{"port": 1, "status": "critical"}"#)])
      let reply = try await server.curl("/v1/services/Web")
      struct Shown: Decodable {
        let name: String
        let revision: Int
        let instanceCount: Int
        let liveCount: Int
        let instances: [Reply.Instance]
      }
      let shown = try Self.decode(Shown.self, reply)
      #expect((shown.name, shown.revision) == ("web", 2))
      #expect((shown.instanceCount, shown.liveCount) == (2, 1))
      #expect(shown.instances.map(\.id) == ["i0", "i1"])
      let unknown = try await server.curl("/v1/services/other").problem()
      #expect((unknown.status, unknown.type) == (404, "urn:rollcall:problem:unknown-service"))
    }
  }

  @Test("A service without instances is there, and empty")
  func emptyService() async throws {
    try await withServer { server in
      try await Self.fill(server, [("web", Self.address)])
      _ = try await server.curl("/v1/services/web/instances/i0", ["-X", "DELETE"])
      let reply = try await server.curl("/v1/services/web/instances")
      #expect(
        reply.body
          == #"{"instances":[],"revision":2,"instance_count":0,"live_count":0,"next_cursor":null}"#
          + "\n")
    }
  }

  @Test("Instances are listed by id and chosen by tag and status")
  func instances() async throws {
    try await withServer { server in
      try await Self.fill(
        server,
        [
          ("web", #"{"port": 1, "tags": ["v1"]}"#), ("web", #"{"port": 1, "tags": ["v2"]}"#),
          ("web", #"{"port": 1, "tags": ["v2"], "status": "critical"}"#),
        ])
      func ids(_ query: String) async throws -> ([String], String?) {
        let list = try await Self.decode(
          Instances.self, server.curl("/v1/services/web/instances" + query))
        #expect(list.revision == 3)
        return (list.instances.map(\.id), list.nextCursor)
      }
      #expect(try await ids("") == (["i0", "i1", "i2"], nil))
      #expect(try await ids("?tag=V2") == (["i1", "i2"], nil))
      #expect(try await ids("?status=critical") == (["i2"], nil))
      #expect(try await ids("?tag=v2&status=passing") == (["i1"], nil))
      #expect(try await ids("?limit=2") == (["i0", "i1"], "i1"))
      #expect(try await ids("?limit=2&cursor=i1") == (["i2"], nil))
      #expect(try await ids("?limit=3") == (["i0", "i1", "i2"], nil))
      #expect(try await server.curl("/v1/services/api/instances").status == 404)
    }
  }

  @Test(
    "A wrong parameter is 400 and named",
    arguments: [
      ("limit=0", "limit"), ("limit=10001", "limit"), ("limit=x", "limit"), ("limit=", "limit"),
      ("limit=%2B1", "limit"), ("limit=1&limit=2", "limit"), ("lmit=1", "lmit"),
      ("status=up", "status"), ("tag=a_b", "tag"), ("tag", "tag"),
    ])
  func wrongParameter(query: String, field: String) async throws {
    try await withServer { server in
      try await Self.fill(server, [("web", Self.address)])
      let problem = try await server.curl("/v1/services/web/instances?\(query)").problem()
      #expect((problem.status, problem.field) == (400, field))
    }
  }

  @Test("A list may be 10,000 long, and is 1,000 long if nothing is said")
  func limits() async throws {
    try await withServer { server in
      let longest = try await server.curl("/v1/services?limit=10000")
      #expect(longest.status == 200)
    }
    #expect(try RequestQuery(nil, known: []).limit() == 1_000)
  }

  @Test("Pages over many services join to the whole list", arguments: [1, 2, 3, 7, 99, 100, 101])
  func pages(size: Int) throws {
    let names = try (0..<100).map { try ServiceName("s\($0)") }
    var joined: [String] = []
    while true {
      let page = RegistryAPI.page(of: names.shuffled(), after: joined.last, count: size)
      guard !page.isEmpty else { break }
      joined += page.map(\.key)
    }
    #expect(joined == names.map(\.key).sorted())
  }
}
