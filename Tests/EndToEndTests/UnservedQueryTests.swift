// Queries that an authoritative server does not serve, and what their senders are told.

import TestSupport
import Testing

extension EndToEnd {
  @Suite("Queries that are not served")
  struct UnservedQueries {
    @Test(
      "An opcode other than QUERY is NOTIMP with that opcode",
      arguments: ["notify", "update", "status"])
    func opcode(name: String) async throws {
      try await withExample { server in
        for transport in ["+notcp", "+tcp"] {
          let reply = try await server.dig(transport, "+opcode=\(name)", "example.org", "SOA")
          #expect(reply.opcode == name.uppercased() && reply.status == "NOTIMP")
          #expect(reply.flags.contains("qr") && reply.flags.isDisjoint(with: ["aa", "ra", "ad"]))
          #expect(reply.answer.isEmpty && reply.authority.isEmpty)
        }
      }
    }

    @Test("A NOTIMP reply has an OPT record when the query has (RFC 6891 section 6.1.1)")
    func optInNOTIMP() async throws {
      try await withExample { server in
        for opcode in ["notify", "update", "status"] {
          let with = try await server.dig("+opcode=\(opcode)", "example.org", "SOA")
          #expect(with.status == "NOTIMP" && with.edns != nil, "\(with.text)")
          #expect(!with.text.contains("retry with '+noedns'"))
          let without = try await server.dig("+noedns", "+opcode=\(opcode)", "example.org", "SOA")
          #expect(without.status == "NOTIMP" && without.edns == nil)
        }
      }
    }

    @Test("Classes HS and ANY, and names of class CH that are nobody's, are REFUSED")
    func classes() async throws {
      try await withExample { server in
        let questions = [
          ["-c", "HS", "-t", "SOA", "-q", "example.org"],
          ["-c", "ANY", "-t", "SOA", "-q", "example.org"],
          ["-c", "HS", "-t", "A", "-q", "www.example.org"],
          ["-c", "CH", "-t", "TXT", "-q", "nothing.bind"],
          ["-c", "CH", "-t", "A", "-q", "www.example.org"],
        ]
        for question in questions {
          let reply = try await server.dig(question)
          #expect(reply.status == "REFUSED", "\(question)")
          #expect(reply.flags == ["qr", "rd"] && reply.count("ANSWER") == 0)
          #expect(reply.count("AUTHORITY") == 0 && reply.count("ADDITIONAL") == 1)
        }
      }
    }

    @Test("A name outside all zones is REFUSED with EDE 20, and without EDNS with nothing else")
    func outside() async throws {
      try await withExample { server in
        for transport in ["+notcp", "+tcp"] {
          let reply = try await server.dig(transport, "www.example.com", "A")
          #expect(reply.status == "REFUSED" && reply.flags == ["qr", "rd"])
          #expect(reply.extendedError?.hasPrefix("20 (Not Authoritative)") == true)
          #expect(reply.text.contains(";www.example.com."), "the question")
        }
        let plain = try await server.dig("+noedns", "www.example.com", "A")
        #expect(plain.status == "REFUSED" && plain.count("ADDITIONAL") == 0)
        #expect(plain.text.contains(";www.example.com."), "the question")
      }
    }

    @Test("A query signed by whomever is NOTAUTH with BADKEY (RFC 8945 section 5.2.1)")
    func signed() async throws {
      try await withExample { server in
        let key = "hmac-sha256:somebody:bm90IGEgc2VjcmV0IGF0IGFsbCE="
        for transport in ["+notcp", "+tcp"] {
          let dig = try await server.dig(transport, "-y", key, "www.example.org", "A")
          #expect(dig.status == "NOTAUTH" && dig.flags == ["qr", "rd"] && dig.answer.isEmpty)
          let tsig = dig.text.firstMatch(of: /\nsomebody\.\s+0\s+ANY\s+TSIG\s+(.*)/)?.1
          #expect(tsig?.contains(" BADKEY 0") == true, "\(dig.text)")
          let kdig = try await server.run("kdig", transport, "-y", key, "www.example.org", "A")
          #expect(kdig.status == "BADKEY" && kdig.answer.isEmpty)
        }
      }
    }

    @Test("Zone transfers are refused")
    func transfers() async throws {
      try await withExample { server in
        for type in ["AXFR", "IXFR=6"] {
          let dig = try await server.dig("+tcp", "example.org", type)
          #expect(dig.text.contains("; Transfer failed."), "\(type)")
          let kdig = try await server.site.run([
            "kdig", "@127.0.0.1", "-p", "\(server.ready.dnsPort)", "+tcp", "example.org", type,
          ])
          #expect(kdig.errors.contains("'REFUSED'") && !kdig.text.contains("192.0.2.80"))
        }
      }
    }

    @Test("A zone whose file was refused is SERVFAIL with EDE 14, by any transport and client")
    func refusedZone() async throws {
      try await withSite { site in
        try site.write(ZoneFileText.broken, to: "zones/broken.org.zone")
        let server = try await site.startServer()
        for transport in ["+notcp", "+tcp"] {
          let reply = try await server.dig(transport, "www.broken.org", "A")
          #expect(reply.status == "SERVFAIL" && reply.flags == ["qr", "rd"])
          #expect(reply.extendedError?.hasPrefix("14 (Not Ready)") == true, "\(reply.text)")
        }
        let kdig = try await server.run("kdig", "+edns", "www.broken.org", "A")
        #expect(kdig.status == "SERVFAIL" && kdig.text.contains("EDE: 14"), "\(kdig.text)")
        let plain = try await server.dig("+noedns", "www.broken.org", "A")
        #expect(plain.status == "SERVFAIL" && plain.count("ADDITIONAL") == 0)
      }
    }

    @Test("A query without a question and without a cookie is FORMERR")
    func headerOnly() async throws {
      try await withExample { server in
        for edns in ["+edns=0", "+noedns"] {
          let reply = try await server.dig("+header-only", "+nocookie", edns)
          #expect(reply.status == "FORMERR" && reply.count("QUERY") == 0)
          #expect(reply.flags.contains("qr") && reply.count("ANSWER") == 0)
        }
      }
    }

    @Test("Of a query's header only id, opcode, RD and the question come back")
    func header() async throws {
      try await withExample { server in
        let output = try await server.site.run([
          "dig", "@127.0.0.1", "-p", "\(server.ready.dnsPort)", "+tries=1", "+qr", "+adflag",
          "+cdflag", "+zflag", "+aaflag", "+raflag", "+norecurse", "wWw.example.org", "A",
        ])
        #expect(output.isSuccess)
        let replies = DigOutput.several(output.text)
        try #require(replies.count == 1)
        let sent = DigOutput(output.text)
        #expect(sent.flags.isSuperset(of: ["ad", "cd", "aa", "ra"]), "\(output.text)")
        #expect(replies[0].flags == ["qr", "aa"] && replies[0].id == sent.id)
        #expect(!replies[0].text.contains("MBZ"))
        #expect(replies[0].text.contains(";wWw.example.org."))
        #expect(replies[0].values("A") == ["192.0.2.80"])
      }
    }
  }
}
