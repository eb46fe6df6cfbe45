// DNS cookies as dig sends and shows them (RFC 7873, RFC 9018).

import Foundation
import Testing

extension EndToEnd {
  @Suite("Cookies")
  struct Cookies {
    private static let www = "www.example.org"
    private static let clientCookie = "0123456789abcdef"
    private static let required = ["ROLLCALL_REQUIRE_COOKIES": "always"]

    /// A cookie of the server's for the client at 127.0.0.1 with the cookie above.
    private func fresh(_ server: RunningServer) async throws -> String {
      try await server.dig("+cookie=\(Self.clientCookie)", Self.www, "A").cookie().digits
    }

    @Test(
      "A client's cookie alone gets the answer and a server cookie of version 1, made now",
      arguments: ["+notcp", "+tcp"])
    func clientCookieAlone(transport: String) async throws {
      try await withExample { server in
        let reply = try await server.dig(
          transport, "+cookie=\(Self.clientCookie)", Self.www, "A")
        #expect(reply.status == "NOERROR" && reply.values("A") == ["192.0.2.80"])
        let (digits, isGood) = try reply.cookie()
        #expect(isGood && digits.hasPrefix(Self.clientCookie))
        let octets = digits.dropFirst(16)
        #expect(octets.count == 2 * 16)
        #expect(octets.hasPrefix("01000000"), "version and reserved bits: \(octets)")
        let made = UInt32(octets.dropFirst(8).prefix(8), radix: 16) ?? 0
        let age = Date.now.timeIntervalSince1970 - Double(made)
        #expect(abs(age) < 300, "\(age) s old")
      }
    }

    @Test("No cookie is given to a client that sent none")
    func none() async throws {
      try await withExample { server in
        let reply = try await server.dig("+nocookie", Self.www, "A")
        #expect(reply.option("COOKIE") == nil && reply.values("A") == ["192.0.2.80"])
      }
    }

    @Test("With the cookie that it gave, the server answers as without")
    func goodCookie() async throws {
      try await withExample { server in
        let sent = try await fresh(server)
        for name in [Self.www, "nothing.example.org"] {
          let reply = try await server.dig("+nobadcookie", "+cookie=\(sent)", name, "A")
          #expect(reply.status == (name == Self.www ? "NOERROR" : "NXDOMAIN"))
          let (digits, isGood) = try reply.cookie()
          #expect(isGood && digits.count == 2 * 24)
        }
      }
    }

    @Test("A wrong server cookie gets the answer with a good one (RFC 7873 section 5.2.4)")
    func wrongCookie() async throws {
      try await withExample { server in
        let sent = try await fresh(server).withOtherEnd
        for transport in ["+notcp", "+tcp"] {
          let reply = try await server.dig(
            transport, "+nobadcookie", "+cookie=\(sent)", Self.www, "A")
          #expect(reply.status == "NOERROR" && reply.values("A") == ["192.0.2.80"])
          let given = try reply.cookie().digits
          #expect(given != sent && given.hasPrefix(Self.clientCookie) && given.count == 2 * 24)
        }
      }
    }

    @Test("Where cookies are required, a wrong one over UDP is BADCOOKIE, and dig asks again")
    func requiredCookie() async throws {
      try await withExample(Self.required) { server in
        let first = try await server.dig("+nobadcookie", "+cookie", Self.www, "A")
        #expect(first.status == "BADCOOKIE", "a client's cookie alone")
        let sent = "\(Self.clientCookie)010000006b0387bc9269fdc3f43c3cd0"
        let refused = try await server.dig("+nobadcookie", "+cookie=\(sent)", Self.www, "A")
        #expect(refused.status == "BADCOOKIE" && refused.flags == ["qr", "rd"])
        #expect(refused.count("QUERY") == 1 && refused.count("ANSWER") == 0)
        #expect(refused.count("AUTHORITY") == 0 && refused.count("ADDITIONAL") == 1)
        let (given, _) = try refused.cookie()
        #expect(given != sent && given.hasPrefix(Self.clientCookie) && given.count == 2 * 24)
        let accepted = try await server.dig("+nobadcookie", "+cookie=\(given)", Self.www, "A")
        #expect(accepted.status == "NOERROR" && accepted.values("A") == ["192.0.2.80"])

        let retried = try await server.dig("+cookie=\(sent)", Self.www, "A")
        #expect(retried.text.contains("BADCOOKIE, retrying"))
        #expect(retried.status == "NOERROR" && retried.values("A") == ["192.0.2.80"])
      }
    }

    @Test("Where cookies are required, TCP, which proves the address, needs none")
    func requiredOverTCP() async throws {
      try await withExample(Self.required) { server in
        let sent = "\(Self.clientCookie)010000006b0387bc9269fdc3f43c3cd0"
        for option in ["+cookie=\(sent)", "+cookie", "+nocookie", "+noedns"] {
          let reply = try await server.dig("+tcp", "+nobadcookie", option, Self.www, "A")
          #expect(reply.status == "NOERROR" && reply.values("A") == ["192.0.2.80"], "\(option)")
        }
        // And a client that knows no cookies is sent there.
        for option in ["+nocookie", "+noedns"] {
          let cut = try await server.dig("+ignore", option, Self.www, "A")
          #expect(cut.flags == ["qr", "tc", "rd"] && cut.count("ANSWER") == 0, "\(option)")
          let retried = try await server.dig(option, Self.www, "A")
          #expect(retried.text.contains("Truncated, retrying in TCP mode"))
          #expect(retried.values("A") == ["192.0.2.80"])
        }
      }
    }

    @Test("A server cookie is good for one client cookie at one address alone")
    func otherClients() async throws {
      try await withExample(Self.required) { server in
        let refused = try await server.dig(
          "+nobadcookie", "+cookie=\(Self.clientCookie)", Self.www, "A")
        let own = try refused.cookie().digits
        let elsewhere = try await server.dig(
          "-b", "127.0.0.9", "+nobadcookie", "+cookie=\(own)", Self.www, "A")
        #expect(elsewhere.status == "BADCOOKIE")
        let other = "fedcba9876543210" + own.dropFirst(16)
        let otherClient = try await server.dig("+nobadcookie", "+cookie=\(other)", Self.www, "A")
        #expect(otherClient.status == "BADCOOKIE")
        let again = try await server.dig("+nobadcookie", "+cookie=\(own)", Self.www, "A")
        #expect(again.status == "NOERROR")
      }
    }

    @Test("Servers with one secret take each other's cookies; an old secret can be the second")
    func sharedSecrets() async throws {
      let (old, new) = ("00112233445566778899aabbccddeeff", "e5e973e5a6b2a43f48e7dc849e37bfcf")
      let first = Self.required.merging(["ROLLCALL_COOKIE_SECRETS": old]) { $1 }
      try await withExample(first) { server in
        let refused = try await server.dig("+nobadcookie", "+cookie", Self.www, "A")
        let given = try refused.cookie().digits
        var expected = [(old, "NOERROR"), ("\(new),\(old)", "NOERROR"), (new, "BADCOOKIE")]
        expected.append(("\(old),\(new)", "NOERROR"))
        for (secrets, status) in expected {
          let environment = Self.required.merging(["ROLLCALL_COOKIE_SECRETS": secrets]) { $1 }
          let other = try await server.site.startServer(
            ["--data", "other"], environment: environment)
          let reply = try await other.dig("+nobadcookie", "+cookie=\(given)", Self.www, "A")
          #expect(reply.status == status, "\(secrets)")
          other.kill()
        }
      }
    }

    @Test("A cookie that is shorter or longer than any can be is FORMERR")
    func length() async throws {
      try await withExample(Self.required) { server in
        let statuses = [
          (1, "FORMERR"), (7, "FORMERR"), (8, "BADCOOKIE"), (9, "FORMERR"), (15, "FORMERR"),
          (16, "BADCOOKIE"), (23, "BADCOOKIE"), (24, "BADCOOKIE"), (40, "BADCOOKIE"),
          (41, "FORMERR"),
        ]
        for (length, status) in statuses {
          let digits = String(repeating: "5a", count: length)
          let reply = try await server.dig(
            "+nocookie", "+nobadcookie", "+ednsopt=10:\(digits)", Self.www, "A")
          #expect(reply.status == status, "\(length) octets")
          #expect(reply.answer.isEmpty)
        }
        let empty = try await server.dig("+nocookie", "+ednsopt=10", Self.www, "A")
        #expect(empty.status == "FORMERR", "0 octets")
      }
    }

    @Test("A cookie can be asked for without a question (RFC 7873 section 5.4)")
    func noQuestion() async throws {
      try await withExample { server in
        let first = try await server.dig("+header-only", "+cookie=\(Self.clientCookie)")
        #expect(first.status == "NOERROR" && first.count("QUERY") == 0)
        #expect(first.count("ANSWER") == 0)
        let (given, isGood) = try first.cookie()
        #expect(isGood && given.count == 2 * 24)
        let again = try await server.dig("+header-only", "+nobadcookie", "+cookie=\(given)")
        #expect(again.status == "NOERROR" && again.count("QUERY") == 0)
      }
    }
  }
}

extension DigOutput {
  /// The cookie that a reply has, in hexadecimal digits, and whether dig finds it good.
  func cookie() throws -> (digits: String, isGood: Bool) {
    let words = try #require(option("COOKIE"), "\(text)").split(separator: " ")
    return (String(words[0]), words.last == "(good)")
  }
}

extension String {
  /// The same digits but the last.
  var withOtherEnd: String { dropLast() + (hasSuffix("0") ? "1" : "0") }
}
