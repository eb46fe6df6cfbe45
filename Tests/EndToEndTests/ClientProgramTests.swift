// The programs that people ask with, other than dig.

import TestSupport
import Testing

extension EndToEnd {
  @Suite("Client programs")
  struct ClientPrograms {
    private static let www = "www.example.org"

    @Test("kdig's NSID, cookie, padding and EDNS version 0 get the answer and what they ask for")
    func kdigOptions() async throws {
      try await withExample { server in
        let plain = try await server.run("kdig", "+edns=0", Self.www, "A")
        #expect(plain.status == "NOERROR" && plain.flags == ["qr", "aa", "rd"])
        #expect(plain.answer == ["www.example.org. 300 IN A 192.0.2.80"])
        #expect(plain.text.contains("UDP size: 1232 B"), "\(plain.text)")

        let id = try await server.digShort("CH", "id.server", "TXT").first ?? ""
        for transport in ["+notcp", "+tcp"] {
          let reply = try await server.run(
            "kdig", transport, "+nsid", "+cookie", "+padding=128", Self.www, "A")
          #expect(reply.status == "NOERROR" && reply.values("A") == ["192.0.2.80"])
          #expect(reply.option("NSID")?.hasSuffix(" \(id)") == true, "\(reply.text)")
          let cookie = reply.option("COOKIE")?.filter(\.isHexDigit)
          #expect(cookie?.count == 2 * 24, "\(reply.text)")
        }
      }
    }

    @Test("kdig is told BADVERS, and why a query is REFUSED")
    func kdigErrors() async throws {
      try await withExample { server in
        let version = try await server.run("kdig", "+edns=1", Self.www, "A")
        #expect(version.text.contains("Version: 0; ") && version.text.contains("BADVERS"))
        #expect(version.answer.isEmpty)
        let refused = try await server.run("kdig", "+edns", "example.com", "A")
        #expect(refused.status == "REFUSED" && refused.flags == ["qr", "rd"])
        #expect(refused.text.contains("EDE: 20"), "\(refused.text)")
      }
    }

    @Test("dig and kdig ask several questions on one connection")
    func keptConnection() async throws {
      try await withExample { server in
        let questions = [Self.www, "A", "alias.example.org", "A", "nothing.example.org", "A"]
        let port = "\(server.ready.dnsPort)"
        let dig = try await server.site.run(
          ["dig", "@127.0.0.1", "-p", port, "+tcp", "+keepopen", "+tries=1"] + questions)
        #expect(dig.isSuccess)
        let replies = DigOutput.several(dig.text)
        #expect(replies.map(\.status) == ["NOERROR", "NOERROR", "NXDOMAIN"])
        #expect(replies.map { $0.count("ANSWER") } == [1, 2, 0])
        #expect(replies.allSatisfy { $0.text.contains("(TCP)") })

        let kdig = try await server.site.run(
          ["kdig", "@127.0.0.1", "-p", port, "+tcp", "+keepopen", "+short"] + questions)
        #expect(kdig.isSuccess && kdig.errors.isEmpty, "\(kdig.errors)")
        let lines = kdig.text.split(separator: "\n").filter { !$0.hasPrefix(";") }
        #expect(lines == ["192.0.2.80", "www.example.org.", "192.0.2.80"])
      }
    }

    @Test("drill sees the same over UDP and TCP, with and without DO")
    func drill() async throws {
      try await withExample { server in
        for options in [["-D"], ["-t"], ["-t", "-D"], ["-b", "512"], ["-a"]] {
          let reply = try await server.run(["drill"] + options + [Self.www, "A"])
          #expect(reply.status == "NOERROR" && reply.flags == ["qr", "aa", "rd"], "\(options)")
          #expect(reply.answer == ["www.example.org. 300 IN A 192.0.2.80"], "\(options)")
          if options.contains("-D") {
            #expect(reply.text.contains("EDNS: version 0; flags: do ; udp: 1232"))
          }
        }
        let missing = try await server.run("drill", "-D", "nothing.example.org", "A")
        #expect(missing.status == "NXDOMAIN" && missing.authority.count == 1)
      }
    }

    @Test("delv without validation resolves names, aliases and their absence")
    func delv() async throws {
      try await withExample { server in
        for transport in ["+notcp", "+tcp"] {
          let www = try await server.delv(transport, Self.www)
          #expect(www == ["; authoritative", "www.example.org. 300 IN A 192.0.2.80"])
          let alias = try await server.delv(transport, "alias.example.org")
          #expect(
            alias == [
              "; authoritative", "alias.example.org. 300 IN CNAME www.example.org.",
              "www.example.org. 300 IN A 192.0.2.80",
            ])
          let missing = try await server.delv(transport, "nothing.example.org")
          #expect(missing.contains { $0.contains("-$NXDOMAIN") }, "\(missing)")
          #expect(missing.contains { $0.hasPrefix("; example.org. SOA ns.example.org. ") })
        }
      }
    }

    @Test("nslookup and host find an alias and its addresses")
    func lookups() async throws {
      try await withExample { server in
        let port = server.ready.dnsPort
        let nslookup = try await server.site.run([
          "nslookup", "-port=\(port)", "alias.example.org", "127.0.0.1",
        ])
        #expect(nslookup.isSuccess, "\(nslookup.text)")
        #expect(nslookup.text.contains("alias.example.org\tcanonical name = www.example.org.\n"))
        #expect(nslookup.text.contains("Name:\twww.example.org\nAddress: 192.0.2.80\n"))
        #expect(!nslookup.text.contains("Non-authoritative"))
        let host = try await server.site.run([
          "host", "-p", "\(port)", "alias.example.org", "127.0.0.1",
        ])
        #expect(host.isSuccess, "\(host.text)")
        #expect(host.text.contains("alias.example.org is an alias for www.example.org.\n"))
        #expect(host.text.contains("www.example.org has address 192.0.2.80\n"))
      }
    }
  }
}

extension RunningServer {
  /// Runs kdig or drill, which print much like dig.
  func run(_ arguments: [String]) async throws -> DigOutput {
    let output = try await site.run(arguments + ["@127.0.0.1", "-p", "\(ready.dnsPort)"])
    guard output.isSuccess else { throw Failure("\(arguments): \(output.end) \(output.text)") }
    return DigOutput(output.text)
  }

  func run(_ arguments: String...) async throws -> DigOutput { try await run(arguments) }

  /// The lines that delv prints about the addresses of a name, without validating them.
  fileprivate func delv(_ transport: String, _ name: String) async throws -> [String] {
    let output = try await site.run([
      "delv", "-i", "@127.0.0.1", "-p", "\(ready.dnsPort)", transport, name, "A",
    ])
    guard output.isSuccess else { throw Failure("delv: \(output.end) \(output.errors)") }
    return output.text.split(separator: "\n").map(DigOutput.fields)
  }
}
