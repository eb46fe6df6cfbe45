// Service discovery for Prometheus.

import ServiceRegistry
import Testing

@testable import RegistryAPI

@Suite("Prometheus targets") struct PrometheusTargetTests {
  private static let path = "/v1/prometheus/targets"

  private func fill(_ server: TestServer) async throws {
    for (path, body) in [
      (
        "web/instances/a",
        #"{"address": "10.0.0.1", "port": 80, "tags": ["v2", "blue"], "#
          + #""ports": {"metrics": 9100, "dns": {"port": 53, "protocol": "udp"}}, "#
          + #""metadata": {"a-b": "1", "a.b": "2", "Zone": "x"}}"#
      ),
      ("web/instances/b", #"{"address": "fd00::1", "port": 81}"#),
      ("web/instances/c", #"{"address": "10.0.0.3"}"#),
      ("web/instances/d", #"{"address": "10.0.0.4", "port": 80, "status": "critical"}"#),
      ("web/instances/e", #"{"address": "10.0.0.5", "port": 80, "protocol": "udp"}"#),
      ("web/instances/f", #"{"address": "10.0.0.6", "port": 80}"#),
      ("api/instances/x", #"{"address": "10.0.1.1", "port": 1, "status": "warning"}"#),
    ] {
      #expect(try await server.put("/v1/services/" + path, body).status == 201)
    }
    #expect(try await server.post("/v1/services/web/instances/f/drain").status == 200)
  }

  @Test("Live instances with a port are targets, with labels that say what they are")
  func targets() async throws {
    try await withServer { server in
      #expect(try await server.curl(Self.path).body == "[]\n")
      try await fill(server)
      let reply = try await server.curl(Self.path)
      #expect((reply.status, reply.headers["content-type"]) == (200, "application/json"))
      let expected = """
        [{"targets":["10.0.1.1:1"],"labels":{"__meta_rollcall_service":"api",
        "__meta_rollcall_id":"x","__meta_rollcall_host":"x.api.mesh.internal.",
        "__meta_rollcall_status":"warning","__meta_rollcall_tags":""}},
        {"targets":["10.0.0.1:80"],"labels":{"__meta_rollcall_service":"web",
        "__meta_rollcall_id":"a","__meta_rollcall_host":"a.web.mesh.internal.",
        "__meta_rollcall_status":"passing","__meta_rollcall_tags":",blue,v2,",
        "__meta_rollcall_metadata_Zone":"x","__meta_rollcall_metadata_a_b":"1"}},
        {"targets":["[fd00::1]:81"],"labels":{"__meta_rollcall_service":"web",
        "__meta_rollcall_id":"b","__meta_rollcall_host":"b.web.mesh.internal.",
        "__meta_rollcall_status":"passing","__meta_rollcall_tags":""}}]
        """
      #expect(try reply.json() == JSONTree(expected))
    }
  }

  @Test(
    "A service, a tag and a port's name choose",
    arguments: [
      ("?service=web", ["10.0.0.1:80", "[fd00::1]:81"]), ("?service=ghost", []),
      ("?tag=V2", ["10.0.0.1:80"]), ("?port=metrics", ["10.0.0.1:9100"]), ("?port=dns", []),
      ("?service=WEB&tag=blue&port=metrics", ["10.0.0.1:9100"]), ("?service=api&tag=v2", []),
    ])
  func filters(query: String, targets: [String]) async throws {
    try await withServer { server in
      try await fill(server)
      guard case .array(let groups) = try await server.curl(Self.path + query).json() else {
        Issue.record("no array")
        return
      }
      #expect(groups.map { $0["targets"]?[0] } == targets.map { .string($0) })
      if query == "?port=metrics" {
        #expect(groups.first?["labels"]?["__meta_rollcall_port"] == "metrics")
      }
    }
  }

  @Test("Thousands of targets are one list")
  func large() async throws {
    try await withServer { server in
      let items = (0..<2_000).map { number in
        #"{"service":"s\#(number % 3)","id":"i\#(number)","address":"10.0.0.1","port":80}"#
      }
      let body = #"{"instances":[\#(items.joined(separator: ","))]}"#
      _ = try await server.post("/v1/instances", body)
      #expect(try await server.curl(Self.path).json().count == 2_000)
    }
  }

  @Test(
    "A wrong parameter is 400 and named",
    arguments: [
      ("?service=a_b", "service"), ("?tag=", "tag"), ("?port=-", "port"), ("?limit=1", "limit"),
    ])
  func wrongParameter(query: String, field: String) async throws {
    try await withServer { server in
      let problem = try await server.curl(Self.path + query).problem()
      #expect((problem.status, problem.field) == (400, field))
    }
  }
}
