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

    @Test("a lease is counted until it ends, an instance without one never")
    func leases() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        _ = try await server.register("web", "a", #"{"port": 1, "lease_seconds": 1}"#)
        _ = try await server.register("web", "b", #"{"port": 1, "lease_seconds": 300}"#)
        _ = try await server.register("web", "c", #"{"port": 1, "lease_seconds": null}"#)
        try await wait(for: "the end of a lease") {
          let now = try await server.metrics()
          return now["rollcall_instances"] == 2 && now["rollcall_leases"] == 1
            && now["rollcall_lease_expirations_total"] == 1
        }
      }
    }

    @Test("a zone file that is refused shows until a reload takes it over")
    func zoneFiles() async throws {
      try await withSite { site in
        let good = "@ 60 IN SOA ns h 1 1 1 1 1\n@ 60 IN NS ns\nns 60 IN A 192.0.2.1\n"
        try site.write("no zone\n", to: "zones/a.example.zone")
        let server = try await site.startServer()
        let before = try await server.metrics()
        let last = "rollcall_zones_last_reload"
        #expect(before["rollcall_zones{state=\"failing\"}"] == 1)
        #expect(before["\(last)_successful"] == 0)
        #expect(before["\(last)_success_timestamp_seconds"] == nil)
        try site.write(good, to: "zones/a.example.zone")
        _ = try await server.curl("POST", "/v1/zones/reload")
        let mended = try await server.metrics()
        #expect(mended["rollcall_zones{state=\"failing\"}"] == 0)
        #expect(mended["\(last)_successful"] == 1)
        let time = try #require(mended["\(last)_success_timestamp_seconds"])
        try site.write("no zone\n", to: "zones/a.example.zone")
        _ = try await server.curl("POST", "/v1/zones/reload")
        let after = try await server.metrics()
        #expect(after["rollcall_zones{state=\"served\"}"] == 2)
        #expect(after["\(last)_successful"] == 0)
        #expect(after["\(last)_success_timestamp_seconds"] == time)
      }
    }

    @Test("the process tells its descriptors, memory and start, and what a commit's time is")
    func process() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let before = try await server.metrics()
        #expect(before["rollcall_store_last_commit_timestamp_seconds"] == nil)
        _ = try await server.register("web", "a", #"{"port": 1}"#)
        let after = try await server.metrics()
        let start = try #require(after["process_start_time_seconds"])
        #expect(start == before["process_start_time_seconds"])
        let commit = try #require(after["rollcall_store_last_commit_timestamp_seconds"])
        #expect(commit > start && start > 1.7e9)
        let open = try #require(after["process_open_fds"])
        #expect(open > 5 && open < after["process_max_fds"]!)
        #expect(after["process_resident_memory_bytes"]! > 1e6)
        #expect(after["process_cpu_seconds_total"]! > 0)
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
