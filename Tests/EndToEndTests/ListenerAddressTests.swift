// Listeners on a machine with several addresses, asked by its neighbour.

import TestSupport
import Testing

extension EndToEnd {
  @Suite("Listeners and addresses")
  struct ListenerAddresses {
    /// dig's socket is connected and gets nothing from another address; kdig's is not, and kdig
    /// complains of other addresses itself.
    private static let programs = [
      ["dig", "+tries=1", "+time=10"], ["kdig", "+retry=0", "+timeout=10"],
    ]

    @Test("With both wildcards on one port, every address answers for itself, over UDP and TCP")
    func wildcards() async throws {
      try await withNetworkNamespaces { network in
        _ = try await network.startServer(["0.0.0.0:53", "[::]:53"])
        let outer = NetworkNamespaces.serverAddresses + [NetworkNamespaces.linkLocalAddress]
        for address in outer {
          try await expectAnswers(network.atNeighbour, of: network, from: address)
        }
        for address in ["127.0.0.1", "127.1.2.3", "::1"] + NetworkNamespaces.serverAddresses {
          try await expectAnswers(network.atServer, of: network, from: address)
        }
      }
    }

    @Test("[::] takes no IPv4 and leaves it to others; 0.0.0.0 takes no IPv6")
    func oneWildcard() async throws {
      try await withNetworkNamespaces { network in
        for (listener, answers, isSilent) in [
          ("[::]:53", "2001:db8::2", "192.0.2.2"), ("0.0.0.0:53", "192.0.2.2", "2001:db8::2"),
        ] {
          let server = try await network.startServer([listener])
          try await expectAnswers(network.atNeighbour, of: network, from: answers)
          for transport in ["+notcp", "+tcp"] {
            let refused = try await network.site.run(
              network.atNeighbour([
                "dig", "+tries=1", "+time=10", transport, "@\(isSilent)", "www.example.org", "A",
              ]))
            #expect(!refused.isSuccess && refused.text.contains("connection refused"))
          }
          server.kill()
        }
      }
    }

    @Test("Each listener has its address alone")
    func singleAddresses() async throws {
      try await withNetworkNamespaces { network in
        _ = try await network.startServer(["192.0.2.2:53", "[2001:db8:7::7]:53"])
        for address in ["192.0.2.2", "2001:db8:7::7"] {
          try await expectAnswers(network.atNeighbour, of: network, from: address)
        }
        for address in ["192.0.2.1", "2001:db8::1"] {
          let refused = try await network.site.run(
            network.atNeighbour([
              "dig", "+tries=1", "+time=10", "@\(address)", "www.example.org", "A",
            ]))
          #expect(!refused.isSuccess && refused.text.contains("connection refused"))
        }
      }
    }

    @Test("A program that asks as libc does finds names through /etc/resolv.conf")
    func stubResolver() async throws {
      try await withNetworkNamespaces { network in
        _ = try await network.startServer(["0.0.0.0:53", "[::]:53"])
        let site = network.site
        try site.write("hosts: dns\n", to: "nsswitch.conf")
        for (address, options) in [
          ("127.0.0.1", "attempts:1"), ("::1", "attempts:1 edns0"), ("192.0.2.2", "use-vc"),
        ] {
          try site.write(
            "nameserver \(address)\noptions timeout:10 \(options)\n", to: "resolv.conf")
          let script = """
            mount --bind nsswitch.conf /etc/nsswitch.conf
            mount --bind resolv.conf /etc/resolv.conf
            getent ahostsv4 www.example.org
            getent ahostsv4 alias.example.org
            getent ahostsv4 many.example.org
            """
          let output = try await site.run(
            network.atServer(["unshare", "--mount", "sh", "-ec", script]))
          #expect(output.isSuccess, "\(options): \(output.errors)")
          let found = output.text.split(separator: "\n").filter { $0.contains("STREAM") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
          // Without EDNS many.example.org takes TCP.
          #expect(found.prefix(2) == ["192.0.2.80", "192.0.2.80"], "\(options): \(output.text)")
          #expect(Set(found.dropFirst(2)) == Set((1...72).map { "192.0.2.\($0)" }))
        }
      }
    }

    /// Expects that all clients get the answer, whole, from the address that they asked.
    private func expectAnswers(
      _ place: ([String]) -> [String], of network: NetworkNamespaces, from address: String
    ) async throws {
      for program in Self.programs {
        for transport in ["+notcp", "+tcp"] {
          let output = try await network.site.run(
            place(program + [transport, "@\(address)", "www.example.org", "A"]))
          let reply = DigOutput(output.text)
          #expect(output.isSuccess && reply.status == "NOERROR", "\(program) \(address)")
          #expect(reply.values("A") == ["192.0.2.80"])
          let text = output.text + output.errors
          #expect(!text.contains("unexpected") && !text.contains("error"), "\(text)")
        }
      }
    }
  }
}
