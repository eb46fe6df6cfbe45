// Names outside all zones, looked up at another server.

import DNSWire
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Forwarding") struct ForwardingTests {
    private static let longText = (0..<40).map { #""\#($0)\#(String(repeating: "x", count: 60))""# }
      .joined(separator: " ")
    private static let zone = """
      @ 300 SOA ns h 7 3600 600 604800 60
      @ NS ns
      ns A 192.0.2.53
      www 120 A 192.0.2.1
      alias CNAME www
      short 1 A 192.0.2.9
      large 60 TXT \(longText)
      """

    /// Calls `body` with a server that has the zone `elsewhere.example`.
    private func withOther(_ body: (RunningServer) async throws -> Void) async throws {
      try await withSite { site in
        try FileManager.default.createDirectory(
          atPath: site.path("other"), withIntermediateDirectories: true)
        try site.write(Self.zone, to: "other/elsewhere.example.zone")
        try await body(
          try await site.startServer(["--zones", "other", "--data", "other-data"]))
      }
    }

    private func ask(
      _ server: RunningServer, _ name: String, _ type: RecordType = .a,
      over kind: LoopbackSocket.Kind = .udp, hasEDNS: Bool = true, wantsRecursion: Bool = true
    ) throws -> Message {
      try server.dns.ask(
        QueryMessage(name, type).with {
          $0.flags = wantsRecursion ? 0x0100 : 0
          $0.opt = hasEDNS ? [.init()] : []
        }, over: kind)
    }

    /// Queries that a server has replied to.
    private func replies(of server: RunningServer) async throws -> Int {
      let metrics = try await server.curl("GET", "/metrics").body
      return metrics.split(separator: "\n").filter { $0.hasPrefix("rollcall_dns_replies_total{") }
        .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    }

    @Test("Foreign names have lines in the query log and messages for dnstap, those kept as well")
    func records() async throws {
      try await withOther { other in
        let site = other.site
        let server = try await site.startServer(
          ["--forward", other.ready.dns, "--log-format", "json"],
          environment: [
            "ROLLCALL_QUERY_LOG_EVERY": "1", "ROLLCALL_DNSTAP": "file:\(site.path("tap"))",
          ])
        for kind in [LoopbackSocket.Kind.udp, .tcp] {
          _ = try ask(server, "www.elsewhere.example.", over: kind)
        }
        _ = try ask(server, "none.mesh.internal.")
        server.child.send(SIGTERM)
        #expect(try await server.child.waitForEnd() == .exit(0))
        let lines = server.queryLines
        #expect(lines.map { $0["forwarded"] } == ["true", "true", nil])
        #expect(lines.map { $0["transport"] } == ["udp", "tcp", "udp"])
        #expect(lines.map { $0["rcode"] } == ["NOERROR", "NOERROR", "NXDOMAIN"])
        #expect(lines.map { $0["answers"] } == ["1", "1", "0"])
        #expect(lines.allSatisfy { $0["client_port"].flatMap(UInt16.init) ?? 0 > 0 })
        let messages = try await site.dnstapLines("tap")
        #expect(messages.count == 3)
        for (message, parts) in zip(messages, [["CR", "UDP"], ["CR", "TCP"], ["AR", "UDP"]]) {
          #expect(parts.allSatisfy { message.contains(" \($0) ") })
        }
      }
    }

    @Test("A foreign name is looked up once and kept, over UDP and TCP; ours are answered as ever")
    func lookup() async throws {
      try await withOther { other in
        let site = other.site
        try site.write(
          """
          @ SOA ns h 1 2 3 4 5
          @ NS ns
          ns A 192.0.2.2
          www CNAME www.elsewhere.example.
          """, to: "zones/ours.example.zone")
        let server = try await site.startServer(["--forward", other.ready.dns])
        for kind in [LoopbackSocket.Kind.udp, .tcp, .udp] {
          let reply = try ask(server, "www.elsewhere.example.", over: kind)
          #expect(reply.answer.values == ["192.0.2.1"] && reply.code == .noError)
          #expect(reply.recursionAvailable && !reply.isAuthoritative && !reply.isTruncated)
          #expect(reply.answer.records.allSatisfy { (110...120).contains($0.ttl) })
        }
        #expect(try await replies(of: other) == 1)
        let chain = try ask(server, "alias.elsewhere.example.")
        #expect(chain.answer.values == ["www.elsewhere.example.", "192.0.2.1"])
        // Our alias leads there: the answer is whole, and its first owner is ours.
        let ours = try ask(server, "www.ours.example.")
        #expect(ours.answer.values == ["www.elsewhere.example.", "192.0.2.1"])
        #expect(ours.isAuthoritative && ours.recursionAvailable)
        let own = try ask(server, "ns.ours.example.")
        #expect(own.answer.values == ["192.0.2.2"] && own.isAuthoritative)
      }
    }

    @Test("That there is nothing is passed on with the SOA, and kept")
    func nothing() async throws {
      try await withOther { other in
        let server = try await other.site.startServer(["--forward", other.ready.dns])
        for _ in 0..<2 {
          let absent = try ask(server, "absent.elsewhere.example.")
          #expect(absent.code == .nameError && absent.authority.records.map(\.type) == [.soa])
          #expect(absent.authority.records.allSatisfy { $0.ttl <= 60 })
          let noData = try ask(server, "www.elsewhere.example.", .aaaa)
          #expect(noData.code == .noError && noData.answer.isEmpty && noData.authority.count == 1)
        }
        #expect(try await replies(of: other) == 2)
      }
    }

    @Test("What is too long for a datagram is cut for UDP and whole over TCP, at both servers")
    func truncation() async throws {
      try await withOther { other in
        let server = try await other.site.startServer(["--forward", other.ready.dns])
        let cut = try ask(server, "large.elsewhere.example.", .txt, hasEDNS: false)
        #expect(cut.isTruncated && cut.length <= 512)
        let whole = try ask(server, "large.elsewhere.example.", .txt, over: .tcp)
        #expect(!whole.isTruncated && whole.answer.count == 1 && whole.length > 2_000)
      }
    }

    @Test("A server that is silent is passed over; when none replies, old answers serve on")
    func failures() async throws {
      try await withOther { other in
        let silent = try LoopbackSocket(holding: 0, .udp)
        let server = try await other.site.startServer([
          "--forward", "127.0.0.1:\(silent.port)", "--forward", other.ready.dns,
        ])
        let first = try ask(server, "short.elsewhere.example.")
        #expect(first.answer.values == ["192.0.2.9"])
        other.kill()
        try await wait(for: "an answer that has ended", within: .seconds(20)) {
          let stale = try ask(server, "short.elsewhere.example.")
          return stale.extendedError == 3 && stale.answer.values == ["192.0.2.9"]
            && stale.answer.records[0].ttl == 30
        }
        let failed = try ask(server, "www.elsewhere.example.")
        #expect(failed.code == .serverFailure && failed.extendedError == 22)
        #expect(server.log.contains("forwarding fails"))
      }
    }

    @Test("Our own names wait for nobody; a connection has so many foreign ones under way")
    func pending() async throws {
      try await withSite { site in
        let silent = try [LoopbackSocket(holding: 0, .udp), LoopbackSocket(holding: 0, .udp)]
        let server = try await site.startServer(
          silent.flatMap { ["--forward", "127.0.0.1:\($0.port)"] })
        func foreign(_ name: String) -> [UInt8] {
          QueryMessage("\(name).elsewhere.example.", .a).with { $0.flags = 0x0100 }.octets
        }
        func framed(_ query: [UInt8]) -> [UInt8] { [0, UInt8(query.count)] + query }
        let udp = try LoopbackSocket(.udp, port: server.dns.port)
        try udp.send(foreign("first"))
        #expect(!(try silent[0].receive()).isEmpty)
        #expect(try ask(server, "mesh.internal.", .soa).isAuthoritative)
        let tcp = try LoopbackSocket(.tcp, port: server.dns.port)
        try tcp.send(
          framed(foreign("second")) + framed(QueryMessage("mesh.internal.", .soa).octets))
        let length = try tcp.receive(exactly: 2)
        let reply = try Message(tcp.receive(exactly: Int(length[0]) << 8 | Int(length[1])))
        #expect(reply.question?.type == .soa && reply.isAuthoritative)
        let many = try LoopbackSocket(.tcp, port: server.dns.port)
        try many.send((0..<500).flatMap { framed(foreign("n\($0)")) })
        try await wait(for: "queries under way") { try await self.waiting(server) >= 64 }
        #expect(try await waiting(server) < 128 + 2)
      }
    }

    private func waiting(_ server: RunningServer) async throws -> Int {
      let lines = try await server.curl("GET", "/metrics").body.split(separator: "\n")
      let line = lines.first { $0.hasPrefix("rollcall_forward_waiting ") }
      return line.flatMap { $0.split(separator: " ").last.flatMap { Int($0) } } ?? 0
    }

    @Test("Who does not ask for recursion, or is none of those it is for, is refused")
    func refusals() async throws {
      try await withOther { other in
        let server = try await other.site.startServer(["--forward", other.ready.dns])
        let reply = try ask(server, "www.elsewhere.example.", wantsRecursion: false)
        #expect(reply.code == .refused && reply.extendedError == 20)
        try other.site.write("forward_for: [\"10.0.0.0/8\"]", to: "settings.yaml")
        let closed = try await other.site.startServer([
          "--forward", other.ready.dns, "--config", "settings.yaml", "--data", "closed-data",
        ])
        let refused = try ask(closed, "www.elsewhere.example.")
        #expect(refused.code == .refused && refused.extendedError == 18)
        #expect(try await replies(of: other) == 0)
      }
    }

    @Test("Settings that can't be right are named")
    func settings() async throws {
      try await withSite { site in
        for (arguments, reason) in [
          ((1...9).flatMap { ["--forward", "192.0.2.\($0)"] }, "at most 8 servers"),
          (["--forward", "example.net"], "is no address of a DNS server"),
          (["--forward", "127.0.0.1:5399", "--dns", "127.0.0.1:5399"], "is this server's own"),
          (["--client-profile", "glibc=10.0.0.0/8"], "names no profile"),
          (["--client-profile", "musl"], "must be a profile"),
          (["--client-profile", "single=127.0.0.1:1"], "names no address of the setting dns"),
          (["--client-profile", "single=10.0.0.1/8"], "with no bit set after it"),
        ] {
          let result = try await site.rollcall(["serve", "--check"] + arguments)
          #expect(!result.isSuccess && result.errors.contains(reason), "\(arguments)")
        }
      }
    }
  }
}
