// Queries for nothing but a cookie (RFC 7873 section 5.4).

import Testing

extension EndToEnd {
  @Suite("Cookie without a question")
  struct CookieQueries {
    @Test(
      "Without a question a wrong cookie is BADCOOKIE, a client's alone NOERROR, required or not",
      arguments: ["never", "always"])
    func noQuestionWrongCookie(requirement: String) async throws {
      try await withExample(["ROLLCALL_REQUIRE_COOKIES": requirement]) { server in
        for transport in ["+notcp", "+tcp"] {
          let options = [transport, "+header-only", "+nobadcookie"]
          let first = try await server.dig(options + ["+cookie=0123456789abcdef"])
          #expect(first.status == "NOERROR" && first.count("QUERY") == 0, "\(transport)")
          let given = try first.cookie().digits
          let good = try await server.dig(options + ["+cookie=\(given)"])
          #expect(good.status == "NOERROR", "\(transport)")
          let bad = try await server.dig(options + ["+cookie=\(given.withOtherEnd)"])
          #expect(bad.status == "BADCOOKIE" && bad.count("QUERY") == 0, "\(transport)")
          let named = try await server.dig(
            "+nobadcookie", "+cookie=\(given)", "www.example.org", "A")
          #expect(named.status == "NOERROR", "\(transport)")
        }
      }
    }
  }
}
