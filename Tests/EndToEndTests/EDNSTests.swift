// What the OPT record of a query asks for, and what comes back in that of the reply.

import Foundation
import Testing

extension EndToEnd {
  @Suite("EDNS")
  struct EDNSOptions {
    private static let www = "www.example.org"

    @Test(
      "Options that the server does not act on change nothing and do not come back",
      arguments: [
        "+ednsopt=65001:abcd", "+subnet=192.0.2.0/24", "+expire", "+padding=128", "+keepalive",
        "+ednsopt=65001",
      ])
    func ignored(option: String) async throws {
      try await withExample { server in
        let reply = try await server.dig("+nocookie", option, Self.www, "A")
        #expect(reply.status == "NOERROR" && reply.flags == ["qr", "aa", "rd"])
        #expect(reply.answer == ["www.example.org. 300 IN A 192.0.2.80"])
        #expect(reply.edns == "version: 0, flags:; udp: 1232")
        // A header, the question, an address record and an OPT record without options.
        #expect(reply.text.contains("rcvd: \(12 + 21 + 16 + 11)\n"), "\(reply.text)")
      }
    }

    @Test("A version above 0 is BADVERS with version 0, and dig asks again with that")
    func version() async throws {
      try await withExample { server in
        let refused = try await server.dig("+edns=1", "+noednsnegotiation", Self.www, "A")
        #expect(refused.status == "BADVERS")
        #expect(refused.edns?.hasPrefix("version: 0, ") == true, "\(refused.text)")
        #expect(refused.flags == ["qr", "rd"] && refused.count("ANSWER") == 0)
        #expect(refused.count("AUTHORITY") == 0 && refused.count("ADDITIONAL") == 1)
        let again = try await server.dig("+edns=1", Self.www, "A")
        #expect(again.text.contains("BADVERS, retrying with EDNS version 0"))
        #expect(again.status == "NOERROR" && again.values("A") == ["192.0.2.80"])
      }
    }

    @Test("DO comes back as it was sent, and no other bit beside it does")
    func flags() async throws {
      try await withExample { server in
        let with = try await server.dig("+nocookie", "+dnssec", Self.www, "A")
        #expect(with.edns == "version: 0, flags: do; udp: 1232" && with.status == "NOERROR")
        let without = try await server.dig("+nocookie", Self.www, "A")
        #expect(without.edns == "version: 0, flags:; udp: 1232")
        let other = try await server.dig("+nocookie", "+ednsflags=0x7FFF", Self.www, "A")
        #expect(other.edns == "version: 0, flags:; udp: 1232" && other.status == "NOERROR")
      }
    }

    @Test("NSID on request is the host's name, the same as id.server, in replies of all kinds")
    func nsid() async throws {
      try await withExample { server in
        let host = try await server.site.run(["uname", "-n"]).text
          .trimmingCharacters(in: .whitespacesAndNewlines)
        let id = try await server.digShort("CH", "id.server", "TXT")
        #expect(id == ["\"\(host)\""])
        let kinds = [
          (Self.www, "A", "NOERROR"), (Self.www, "AAAA", "NOERROR"),
          ("nothing.example.org", "A", "NXDOMAIN"), ("example.com", "A", "REFUSED"),
        ]
        for transport in ["+notcp", "+tcp"] {
          for (name, type, status) in kinds {
            let reply = try await server.dig(transport, "+nsid", name, type)
            #expect(reply.status == status)
            #expect(reply.option("NSID")?.hasSuffix(" (\"\(host)\")") == true, "\(reply.text)")
          }
        }
        let unasked = try await server.dig(Self.www, "A")
        #expect(unasked.option("NSID") == nil)
      }
    }

    @Test("TCP keepalive on request says 10 seconds over TCP and nothing over UDP (RFC 7828)")
    func keepalive() async throws {
      try await withExample { server in
        let tcp = try await server.dig("+tcp", "+keepalive", Self.www, "A")
        #expect(tcp.option("TCP KEEPALIVE") == "10.0 secs", "\(tcp.text)")
        #expect(tcp.values("A") == ["192.0.2.80"])
        let udp = try await server.dig("+notcp", "+keepalive", Self.www, "A")
        #expect(udp.option("TCP KEEPALIVE") == nil && udp.values("A") == ["192.0.2.80"])
      }
    }

    @Test("The options of a reply count in its size")
    func size() async throws {
      try await withSite { site in
        let addresses = (1...60).map { "many A 192.0.2.\($0)\n" }.joined()
        try site.write(ZoneFileText.example + addresses, to: "zones/example.org.zone")
        let server = try await site.startServer()
        let reply = try await server.dig(
          "+bufsize=600", "+ignore", "+nsid", "+cookie", "many.example.org", "A")
        let size = reply.text.firstMatch(of: /MSG SIZE  rcvd: (\d+)/).flatMap { Int($0.1) } ?? 0
        #expect(reply.flags.contains("tc"))
        #expect(reply.option("NSID") != nil && reply.option("COOKIE") != nil, "\(reply.text)")
        // No room was left for one more record of 16 octets.
        #expect((600 - 15...600).contains(size), "\(size)")
      }
    }
  }
}
