// What monitoring reads.

import Testing

@testable import RegistryAPI

@Suite("Metrics") struct MetricsTests {
  @Test("/metrics is text that Prometheus reads, values of labels escaped")
  func text() async throws {
    let metrics = [
      Metric("rollcall_instances", .gauge, "Instances.", 12),
      Metric(
        "rollcall_queries_total", .counter, "Queries by transport.",
        [
          .init(3, labels: [("transport", "udp")]),
          .init(0.5, labels: [("transport", "a\\b\"c\nd"), ("type", "A")]),
        ]),
    ]
    try await withServer(metrics: metrics) { server in
      let reply = try await server.curl("/metrics")
      #expect(reply.status == 200)
      #expect(reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
      #expect(
        reply.body.hasPrefix(
          #"""
          # HELP rollcall_instances Instances.
          # TYPE rollcall_instances gauge
          rollcall_instances 12
          # HELP rollcall_queries_total Queries by transport.
          # TYPE rollcall_queries_total counter
          rollcall_queries_total{transport="udp"} 3
          rollcall_queries_total{transport="a\\b\"c\nd",type="A"} 0.5

          """#))
      #expect(reply.body.contains("\nrollcall_http_connections 1\n"))
      #expect(reply.body.contains("\nrollcall_http_long_replies 0\n"))
      let place = try server.api.longReplies.takePlace()
      let during = try await server.curl("/metrics")
      #expect(during.body.contains("\nrollcall_http_long_replies 1\n"))
      withExtendedLifetime(place) {}
    }
  }

  @Test("requests are counted by route, method and status code; unknown paths and methods are one")
  func requests() async throws {
    try await withServer { server in
      _ = try await server.put("/v1/services/web/instances/a", #"{"port": 80}"#)
      _ = try await server.put("/v1/services/db/instances/b", #"{"port": 80}"#)
      for path in ["/page", "/nothing", "/v1/services/web/x", "/v1//services", "/%zz"] {
        _ = try await server.curl(path)
      }
      _ = try await server.curl("/v1/services", ["-X", "PROPFIND"])
      _ = try await server.curl("/v1/services", ["-X", "DELETE"])
      _ = try await server.curl("/v1/services/web", ["--head"])
      let text = try await server.curl("/metrics").body
      let total = "rollcall_http_requests_total"
      let counted = text.split(separator: "\n").filter { $0.hasPrefix(total) }
      let instance = "/v1/services/{service}/instances/{id}"
      #expect(
        Set(counted) == [
          #"\#(total){route="\#(instance)",method="PUT",code="201"} 2"#,
          #"\#(total){route="/v1/services",method="other",code="405"} 2"#,
          #"\#(total){route="/v1/services/{service}",method="HEAD",code="200"} 1"#,
          #"\#(total){route="other",method="other",code="400"} 1"#,
          #"\#(total){route="other",method="other",code="404"} 4"#,
        ])
      let duration = "rollcall_http_request_duration_seconds"
      #expect(
        text.contains("\n\(duration)_count{route=\"\(instance)\",method=\"PUT\"} 2\n"))
      // The one that asks.
      #expect(text.contains("\nrollcall_http_requests_in_flight 1\n"))
    }
  }

  @Test("what waits for something to happen is counted, but not how long it takes")
  func waiting() async throws {
    try await withServer { server in
      _ = try await server.put("/v1/services/web/instances/a", #"{"port": 80}"#)
      _ = try await server.curl("/v1/services/web/instances?after=1&wait=0")
      let text = try await server.curl("/metrics").body
      let labels = #"{route="/v1/services/{service}/instances",method="GET""#
      #expect(text.contains("\nrollcall_http_requests_total\(labels),code=\"200\"} 1\n"))
      #expect(!text.contains("rollcall_http_request_duration_seconds_count\(labels)}"))
      _ = try await server.curl("/v1/services/web/instances")
      let after = try await server.curl("/metrics").body
      #expect(after.contains("\nrollcall_http_request_duration_seconds_count\(labels)} 1\n"))
    }
  }

  @Test("octets of bodies are counted in both directions")
  func octets() async throws {
    try await withServer { server in
      let reply = try await server.put("/v1/services/web/instances/a", #"{"port": 80}"#)
      let text = try await server.curl("/metrics").body
      #expect(text.contains("\nrollcall_http_received_bytes_total 12\n"))
      #expect(text.contains("\nrollcall_http_sent_bytes_total \(reply.body.utf8.count)\n"))
    }
  }
}
