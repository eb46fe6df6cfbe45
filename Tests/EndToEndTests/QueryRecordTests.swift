// Queries as the log and dnstap tell of them.

import DNSWire
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Recorded queries")
  struct QueryRecords {
    @Test("with query_log_every 1 each query has a line, with what became of it")
    func logsEachQuery() async throws {
      try await withSite { site in
        let server = try await site.startServer(
          ["--log-format", "json"], environment: ["ROLLCALL_QUERY_LOG_EVERY": "1"])
        _ = try await server.register("web", "a", #"{"address": "10.0.0.1"}"#)
        _ = try await server.digShort("web.mesh.internal", "A")
        _ = try await server.digShort("gone.mesh.internal", "SRV", "+tcp", "+noedns")
        _ = try await server.digShort("web.mesh.internal", "TXT", "CH", "+notcp", "+noedns")
        // Its code has bits in the OPT record, which stands behind the question only.
        _ = try await server.dig("web.mesh.internal", "A", "+edns=1", "+noednsneg")
        try await wait(for: "four lines") { server.queryLines.count == 4 }
        #expect(server.queryLines[3]["rcode"] == "BADVERS")
        let (first, second, third) = (
          server.queryLines[0], server.queryLines[1], server.queryLines[2]
        )
        #expect(
          first.filter { !["time", "client_port"].contains($0.key) } == [
            "level": "info", "message": "query", "transport": "udp", "client": "127.0.0.1",
            "listener": server.ready.dns, "name": "web.mesh.internal.", "type": "A",
            "edns_size": "1232", "rcode": "NOERROR", "answers": "1",
            "reply_size": first["reply_size"],
          ])
        #expect(first["client_port"].flatMap(UInt16.init) != nil)
        #expect(second["transport"] == "tcp")
        #expect(second["rcode"] == "NXDOMAIN")
        #expect(second["type"] == "SRV")
        #expect(second["edns_size"] == nil)
        #expect(third["class"] == "3")
        #expect(third["rcode"] == "REFUSED")
        let metrics = try await server.metrics()
        #expect(metrics["rollcall_query_log_lines_total"] == 4)
        #expect(metrics["rollcall_query_log_dropped_total"] == 0)
      }
    }

    @Test("queries are not logged unless that is set, and errors can be all that else is")
    func isOffUnlessSet() async throws {
      try await withSite { site in
        let silent = try await site.startServer()
        _ = try await silent.digShort("web.mesh.internal", "A")
        #expect(try await silent.child.endAfterTerm() == .exit(0))
        #expect(!silent.log.contains("query"))
      }
      try await withSite { site in
        // The line that says that it is ready is a notice.
        let server = try await site.startServer(
          ["--log-level", "notice", "--log-format", "json"],
          environment: ["ROLLCALL_QUERY_LOG_EVERY": "1"])
        _ = try await server.digShort("web.mesh.internal", "A")
        try await wait(for: "a line") { server.queryLines.count == 1 }
      }
    }

    @Test(
      "no name that is asked for can forge a line",
      arguments: ["text", "json"])
    func canNotForge(_ format: String) async throws {
      try await withSite { site in
        let server = try await site.startServer(
          ["--log-format", format], environment: ["ROLLCALL_QUERY_LOG_EVERY": "1"])
        let name = #"a\010ready\032dns=x\034\027[31m.mesh.internal"#
        _ = try await server.digShort(name, "A")
        #expect(try await server.child.endAfterTerm() == .exit(0))
        let lines = server.log.split(separator: "\n")
        #expect(lines.filter { $0.contains("query") }.count == 1)
        #expect(lines.filter { $0.contains("ready") && !$0.contains("query") }.count == 1)
        #expect(!server.log.contains("\u{1B}"))
        #expect(server.log.contains(#"a\\010ready"#))
      }
    }

    @Test("a stopping server still writes the lines of what it has answered")
    func writesTheLast() async throws {
      try await withSite { site in
        let server = try await site.startServer(
          ["--log-format", "json"], environment: ["ROLLCALL_QUERY_LOG_EVERY": "1"])
        let dns = server.dns
        for _ in 0..<50 {
          _ = try await onOwnThread { try dns.ask("web.mesh.internal.", .a, over: .tcp) }
        }
        #expect(try await server.child.endAfterTerm() == .exit(0))
        #expect(server.queryLines.count == 50)
      }
    }

    @Test("dnstap-read reads the file that dnstap names, over UDP and TCP, IPv4 and IPv6")
    func writesDnstapFile() async throws {
      try await withSite { site in
        let server = try await site.startServer(
          ["--dns", "127.0.0.1:0"],
          environment: [
            "ROLLCALL_DNSTAP": "file:\(site.path("tap"))", "ROLLCALL_SERVER_ID": "ns1",
          ],
          dns: "[::1]:0")
        _ = try await server.register("web", "a", #"{"address": "10.0.0.1"}"#)
        _ = try await server.digShort("web.mesh.internal", "A")
        _ = try await server.digShort("web.mesh.internal", "SRV", "+tcp")
        let v6 = server.ready.dns.split(separator: ",")[0]
        let port = v6.split(separator: ":").last.map(String.init) ?? ""
        let v4 = "<- 127.0.0.1:\(server.ready.dnsPort)"
        _ = try await site.run(["dig", "@::1", "-p", port, "gone.mesh.internal", "AAAA"])
        #expect(try await server.metrics()["rollcall_dnstap_frames_total"] == 3)
        #expect(try await server.child.endAfterTerm() == .exit(0))
        let lines = try await site.dnstapLines("tap")
        #expect(lines.count == 3)
        #expect(lines[0].hasSuffix("web.mesh.internal/IN/A"))
        #expect(lines[0].contains("AR 127.0.0.1:"))
        #expect(lines[0].contains("\(v4) UDP"))
        #expect(lines[1].contains("\(v4) TCP"))
        #expect(lines[2].contains("AR ::1:"))
        #expect(lines[2].contains("<- ::1:\(port) UDP"))
        let whole = try await site.run(["dnstap-read", "-y", site.path("tap")]).text
        #expect(whole.contains("identity: ns1"))
        #expect(whole.contains("web.mesh.internal. 5 IN A 10.0.0.1"))
        #expect(whole.contains("status: NXDOMAIN"))
      }
    }

    @Test("a collector on a Unix socket may come late and come again")
    func reachesCollector() async throws {
      try await withSite { site in
        let socket = site.path("tap.sock")
        let server = try await site.startServer(environment: ["ROLLCALL_DNSTAP": "unix:\(socket)"])
        for round in 1...2 {
          let file = "captured-\(round)"
          let collector = try site.start(
            [
              "fstrm_capture", "-t", "protobuf:dnstap.Dnstap", "-u", socket, "-w",
              site.path(file),
            ], output: "collector-\(round)", errors: "collector-errors-\(round)")
          // What is asked before the collector is reached is lost.
          try await wait(for: "a frame") {
            _ = try await server.digShort("round\(round).mesh.internal", "A")
            return try FileManager.default.attributesOfItem(atPath: site.path(file))[.size]
              as? Int ?? 0 > 200
          }
          #expect(try await collector.endAfterTerm() == .exit(0))
          let lines = try await site.dnstapLines(file)
          #expect(lines.contains { $0.hasSuffix("round\(round).mesh.internal/IN/A") })
        }
      }
    }

    @Test("a file of dnstap that is there already is kept beside")
    func keepsEarlierFile() async throws {
      try await withSite { site in
        try site.write("earlier", to: "tap")
        let server = try await site.startServer(
          environment: ["ROLLCALL_DNSTAP": "file:\(site.path("tap"))"])
        #expect(try await server.child.endAfterTerm() == .exit(0))
        #expect(Site.text(of: site.path("tap.old")) == "earlier")
      }
    }

    @Test(
      "what dnstap and query_log_every can't be is an error that names the setting",
      arguments: [
        ("ROLLCALL_DNSTAP", "tap", "must be unix:"),
        ("ROLLCALL_DNSTAP", "unix:tap", "must be unix:"),
        ("ROLLCALL_DNSTAP", "unix:/" + String(repeating: "x", count: 107), "at most 107 octets"),
        ("ROLLCALL_DNSTAP", "file:/no/such/directory/tap", "can't be written: No such file"),
        ("ROLLCALL_DNSTAP_EVERY", "0", "must be a number from 1 to 1000000"),
        ("ROLLCALL_QUERY_LOG_EVERY", "-1", "must be a number from 0 to 1000000"),
        ("ROLLCALL_QUERY_LOG_EVERY", "1000001", "must be a number from 0 to 1000000"),
      ])
    func refuses(_ variable: String, _ value: String, _ reason: String) async throws {
      try await withSite { site in
        let output = try await site.rollcall(
          ["serve", "--dns", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data", "data"],
          environment: [variable: value])
        #expect(output.end != .exit(0))
        let setting = variable.dropFirst("ROLLCALL_".count).lowercased()
        #expect(output.errors.contains("setting \(setting): '"))
        #expect(output.errors.contains(reason))
      }
    }
  }
}

extension RunningServer {
  /// The fields of the lines about queries, in JSON.
  var queryLines: [[String: String]] {
    log.split(separator: "\n")
      .compactMap { try? JSONDecoder().decode([String: String].self, from: Data($0.utf8)) }
      .filter { $0["message"] == "query" }
  }
}

extension Child {
  fileprivate func endAfterTerm() async throws -> End {
    send(SIGTERM)
    return try await waitForEnd()
  }
}

extension Site {
  /// One line for each message, as `dnstap-read` shows them.
  func dnstapLines(_ name: String) async throws -> [String] {
    let output = try await run(["dnstap-read", path(name)])
    guard output.isSuccess else { throw Failure("dnstap-read: \(output.errors)") }
    return output.text.split(separator: "\n").map(String.init)
  }
}
