// Which clients are answered, and how often: allow_query and rate_limit.

import TestSupport
import Testing

extension EndToEnd {
  @Suite("Rules for clients")
  struct ClientRules {
    @Test("allow_query: others are REFUSED with EDE 18, over UDP and TCP")
    func allowQuery() async throws {
      try await withExample(["ROLLCALL_ALLOW_QUERY": "127.0.0.4/31,10.0.0.0/8"]) { server in
        for transport in ["+notcp", "+tcp"] {
          for (source, status) in [
            ("127.0.0.4", "NOERROR"), ("127.0.0.5", "NOERROR"), ("127.0.0.3", "REFUSED"),
            ("127.0.0.6", "REFUSED"),
          ] {
            let reply = try await server.dig("-b", source, transport, "www.example.org", "A")
            #expect(reply.status == status, "\(source)")
            #expect(reply.values("A").isEmpty == (status == "REFUSED"))
            let isExplained = reply.extendedError?.hasPrefix("18 (Prohibited)") == true
            #expect(isExplained == (status == "REFUSED"), "\(reply.text)")
          }
        }
      }
    }

    @Test("a wrong rule is an error that names the setting and says what can stand there")
    func wrongRules() async throws {
      try await withSite { site in
        for (name, value, says) in [
          ("allow_query", "10.0.0.1/8", "write it like 10.0.0.0/8"),
          ("allow_query", "localhost", "write it like 10.0.0.0/8"),
          ("rate_limit_exempt", "10.0.0.0/33", "write it like 10.0.0.0/8"),
          ("rate_limit", "-1", "from 0 to 100000"), ("rate_limit", "100001", "from 0 to 100000"),
          ("rate_limit_slip", "101", "from 0 to 100"), ("rate_limit_slip", "x", "from 0 to 100"),
        ] {
          let output = try await site.rollcall(
            ["serve", "--check"], environment: ["ROLLCALL_\(name.uppercased())": value])
          expectOneLine(output, naming: [name, value, says])
        }
        let many = (0...256).map { "10.0.\($0 / 256).\($0 % 256)" }.joined(separator: ",")
        let output = try await site.rollcall(
          ["serve", "--check"], environment: ["ROLLCALL_ALLOW_QUERY": many])
        expectOneLine(output, naming: ["allow_query", "256"])
      }
    }

    @Test("rules can stand in the file, as lists, empty ones too")
    func inFile() async throws {
      try await withSite { site in
        try site.write(ZoneFileText.example, to: "zones/example.org.zone")
        try site.write(
          """
          allow_query: []
          rate_limit: 1
          rate_limit_slip: 1
          rate_limit_exempt: [127.0.1.0/24]

          """, to: "conf.yaml")
        let server = try await site.startServer(["--config", "conf.yaml"])
        // With lists of one's own, loopback is a network like others.
        for (source, isLimited) in [("127.0.1.9", false), ("127.0.2.9", true)] {
          let replies = try await server.cut("-b", source, count: 8)
          #expect(replies.contains(true) == isLimited, "\(source)")
        }
      }
    }

    @Test("rate_limit: a neighbour is limited, logged and served over TCP; loopback is not")
    func rateLimit() async throws {
      try await withNetworkNamespaces { network in
        let server = try await network.startServer(
          ["0.0.0.0:53"], environment: ["ROLLCALL_RATE_LIMIT": "2"])
        let question = ["+noedns", "+tries=1", "+time=10", "www.example.org", "A"]
        let words = Array(repeating: question, count: 8).joined()
        let remote = try await network.site.run(
          network.atNeighbour(["dig", "+ignore", "@192.0.2.1"] + words))
        let replies = DigOutput.several(remote.text)
        #expect(replies.count == 8)
        #expect(replies.prefix(2).allSatisfy { !$0.flags.contains("tc") })
        #expect(replies.contains { $0.flags.contains("tc") && $0.answer.isEmpty })
        let local = try await network.site.run(
          network.atServer(["dig", "+ignore", "@127.0.0.1"] + words))
        #expect(DigOutput.several(local.text).allSatisfy { !$0.flags.contains("tc") })

        // dig goes over to TCP by itself, and with a cookie stays with UDP.
        for option in ["+noedns", "+cookie"] {
          for _ in 0..<4 {
            let whole = try await network.site.run(
              network.atNeighbour(["dig", option, "@192.0.2.1", "www.example.org", "A"]))
            #expect(DigOutput(whole.text).values("A") == ["192.0.2.80"], "\(whole.text)")
          }
        }
        try await wait(for: "a line about the neighbour") {
          server.log.contains("replies are limited") && server.log.contains("192.0.2.0/24")
        }
      }
    }
  }
}

extension RunningServer {
  /// Whether each of `count` replies, asked for without a pause, was cut.
  fileprivate func cut(_ arguments: String..., count: Int) async throws -> [Bool] {
    let questions = Array(repeating: ["+noedns", "www.example.org", "A"], count: count).joined()
    let output = try await site.run(
      ["dig", "@127.0.0.1", "-p", "\(ready.dnsPort)", "+ignore", "+tries=1", "+time=10"]
        + arguments + questions)
    return DigOutput.several(output.text).map { $0.flags.contains("tc") }
  }
}
