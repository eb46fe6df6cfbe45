// Replies after forged messages about the path's MTU, which must change nothing.

import TestSupport
import Testing

extension EndToEnd {
  @Suite("Path MTU")
  struct PathMTU {
    private static let forgery = Repository.path("tools/lib/forge-icmp")

    @Test("A forged MTU that names the server's own datagrams is not believed by the kernel")
    func datagrams() async throws {
      try await withNetworkNamespaces { network in
        _ = try await network.startServer(["0.0.0.0:53", "[::]:53"])
        for (server, neighbour, mtu) in Self.pairs {
          try await expectWholeReply(network, from: server)
          try await forge(network, mtu: mtu - 100, to: server, from: neighbour, port: 53)
          // Then another, of which the kernel can't ask a socket; once it is there the first was.
          try await forge(network, mtu: mtu, to: server, from: neighbour)
          let learnt = try await learntMTU(network, of: neighbour)
          #expect(learnt == mtu, "the smaller one would have stayed")
        }
      }
    }

    @Test("Replies are neither lost nor cut to a forged MTU of the route")
    func replies() async throws {
      try await withNetworkNamespaces { network in
        _ = try await network.startServer(["0.0.0.0:53", "[::]:53"])
        for (server, neighbour, mtu) in Self.pairs {
          try await forge(network, mtu: mtu, to: server, from: neighbour)
          #expect(try await learntMTU(network, of: neighbour) == mtu)
          for _ in 0..<3 { try await expectWholeReply(network, from: server) }
        }
        // What happens to a program that believes it, so that this test is known to see it.
        let before = try await network.count("IpFragCreates")
        let other = try await network.site.run(
          network.atServer([
            "bash", "-c", "head -c 1200 /dev/zero >/dev/udp/\(Self.pairs[0].neighbour)/9",
          ]))
        #expect(other.isSuccess, "\(other.errors)")
        #expect(try await network.count("IpFragCreates") == before + 2)
      }
    }

    /// The MTUs are the kernel's least and more; IPv6 has none below 1,280.
    private static let pairs: [(server: String, neighbour: String, mtu: Int)] = [
      ("192.0.2.1", NetworkNamespaces.neighbourAddresses.v4, 700),
      ("2001:db8::1", NetworkNamespaces.neighbourAddresses.v6, 1_380),
    ]

    private func forge(
      _ network: NetworkNamespaces, mtu: Int, to server: String, from neighbour: String,
      port: Int? = nil
    ) async throws {
      let output = try await network.site.run(
        network.atNeighbour(
          [Self.forgery, "--mtu", "\(mtu)", "--from", neighbour, "--to", server]
            + (port.map { ["--port", "\($0)"] } ?? [])))
      guard output.isSuccess else { throw Failure("forge-icmp: \(output.errors)") }
    }

    /// The MTU that the server's kernel has learnt for the way to the neighbour.
    private func learntMTU(_ network: NetworkNamespaces, of neighbour: String) async throws -> Int {
      var mtu: Int?
      try await wait(for: "an MTU of the route") {
        let route = try await network.site.run(network.atServer(["ip", "route", "get", neighbour]))
        mtu = route.text.firstMatch(of: /\bmtu (\d+)/).flatMap { Int($0.1) }
        return mtu != nil
      }
      return mtu ?? 0
    }

    /// Expects a reply of about 1,200 octets in one piece.
    private func expectWholeReply(
      _ network: NetworkNamespaces, from server: String
    ) async throws {
      let counters = ["IpFragCreates", "IpFragFails", "Ip6FragCreates", "Ip6FragFails"]
      var before: [Int] = []
      for counter in counters { before.append(try await network.count(counter)) }
      let output = try await network.site.run(
        network.atNeighbour([
          "dig", "+tries=1", "+time=5", "+ignore", "+nocookie", "@\(server)", "many.example.org",
          "A",
        ]))
      let reply = DigOutput(output.text)
      #expect(output.isSuccess && reply.count("ANSWER") == 72, "\(output.text)")
      #expect(!reply.flags.contains("tc") && output.text.contains("rcvd: 1197\n"))
      for (counter, count) in zip(counters, before) {
        #expect(try await network.count(counter) == count, "\(counter)")
      }
    }
  }
}
