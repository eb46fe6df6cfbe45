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
}
