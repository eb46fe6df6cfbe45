// What the running server says of itself.

import DNSWire
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Metrics")
  struct Metrics {
    @Test("/metrics counts queries, registrations and leases")
    func counts() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        _ = try await server.register("web", "a", #"{"address": "10.0.0.1"}"#)
        _ = try await server.register("web", "b", #"{"address": "10.0.0.2"}"#)
        _ = try await server.curl("POST", "/v1/services/web/instances/a/renew")
        let before = try await server.metrics()
        #expect(before["rollcall_instances"] == 2)
        #expect(before["rollcall_services"] == 1)
        #expect(before["rollcall_lease_renewals_total"] == 1)
        #expect(before["rollcall_revision"] == 2)
        let dns = server.dns
        for transport in [LoopbackSocket.Kind.udp, .tcp, .tcp] {
          _ = try await onOwnThread { try dns.ask("web.mesh.internal.", .a, over: transport) }
        }
        // The server counts a batch's replies after it has sent them.
        try await wait(for: "three replies") {
          let now = try await server.metrics()
          return now["rollcall_dns_replies_total{transport=\"udp\"}"] == 1
            && now["rollcall_dns_replies_total{transport=\"tcp\"}"] == 2
        }
        let after = try await server.metrics()
        let answers = "rollcall_dns_answers_total{transport=\"tcp\",type=\"A\",rcode=\"NOERROR\"}"
        #expect(after[answers] == 2)
        let size = "rollcall_dns_reply_size_bytes"
        #expect(after["\(size)_bucket{transport=\"udp\",le=\"64.0\"}"] == 0)
        #expect(after["\(size)_bucket{transport=\"udp\",le=\"128.0\"}"] == 1)
        #expect(after["\(size)_count{transport=\"tcp\"}"] == 2)
        #expect(after["rollcall_dns_answer_duration_seconds_count"] == 3)
        #expect(after["rollcall_store_commit_duration_seconds_count"] == 2)
      }
    }
  }
}

extension RunningServer {
  /// Values by name and labels, as they stand in `/metrics`.
  func metrics() async throws -> [String: Double] {
    let lines = try await curl("GET", "/metrics").body.split(separator: "\n")
    let samples = lines.filter { !$0.hasPrefix("#") }.compactMap { line -> (String, Double)? in
      guard let space = line.lastIndex(of: " "),
        let value = Double(line[line.index(after: space)...])
      else { return nil }
      return (String(line[..<space]), value)
    }
    return Dictionary(uniqueKeysWithValues: samples)
  }
}
