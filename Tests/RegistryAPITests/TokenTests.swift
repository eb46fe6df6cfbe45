// Tokens, their patterns and their table, without a server.

import DNSWire
import ServiceRegistry
import Testing

@testable import RegistryAPI

@Suite("Tokens") struct TokenTests {
  @Test(
    "A pattern is a service, what is below a name, or all",
    arguments: [
      ("prod", ["prod", "PROD"], ["xprod", "prodx", "web.prod", "prod.web"]),
      ("Web.Prod", ["web.prod", "WEB.prod"], ["prod", "a.web.prod", "xweb.prod", "web.prod.eu"]),
      ("*.prod", ["web.prod", "a.b.prod", "WEB.PROD"], ["prod", "xprod", "web.xprod", "prod.a"]),
      ("*.eu.prod", ["web.eu.prod"], ["eu.prod", "web.prod", "web.xeu.prod", "web.eu.prod.x"]),
      ("*.ns", ["a.ns"], ["ans"]),
      ("*", ["prod", "web.prod"], []),
    ])
  func pattern(text: String, covered: [String], others: [String]) throws {
    let pattern = try ServicePattern(text)
    for name in covered { #expect(pattern.covers(try ServiceName(name)), "\(name)") }
    for name in others { #expect(!pattern.covers(try ServiceName(name)), "\(name)") }
    #expect(try ServicePattern(pattern.description) == pattern)
  }

  @Test(
    "What is no pattern is refused",
    arguments: [
      "", "**", "*.", "*.*", "web.*", "*web", "web*", "*.prod.", ".prod", "prod.", "a..b", "we_b",
      "*.*.prod", "prod,web", "*.tag", "ns", " prod", "prod ", "%2A", "web/..", "ПРОД",
    ])
  func badPattern(text: String) {
    #expect(throws: RegistryError.self) { try ServicePattern(text) }
  }

  @Test("A token is rollcall_ and 64 hexadecimal digits, another one each time")
  func text() {
    var generator = SystemRandomNumberGenerator()
    let texts = (0..<100).map { _ in TokenText.make(using: &generator) }
    #expect(Set(texts).count == 100)
    for text in texts {
      #expect(text.wholeMatch(of: /rollcall_[0-9a-f]{64}/) != nil, "\(text)")
    }
  }

  @Test("Its digest is the SHA-256 of the whole text")
  func digest() throws {
    let text = "rollcall_" + String(repeating: "0", count: 64)
    let hexadecimal = try #require(TokenDigest(ofToken: text)).hexadecimal
    // Of `printf 'rollcall_%064d' 0 | sha256sum`.
    #expect(
      hexadecimal == "4c70c1f56ecf0fe50a90ac1297ad33caf75d55d1932af6f4762ae1351a714f4f")
    #expect(TokenDigest(hexadecimal: hexadecimal) == TokenDigest(ofToken: text))
    #expect(TokenDigest(hexadecimal: hexadecimal.uppercased()) == TokenDigest(ofToken: text))
    let short = String(hexadecimal.dropLast())
    for bad in ["", short, hexadecimal + "0", "g" + hexadecimal.dropFirst()] {
      #expect(TokenDigest(hexadecimal: bad) == nil)
    }
    for bad in ["", String(text.dropLast()), text + "0", "Rollcall_" + text.dropFirst(9)] {
      #expect(TokenDigest(ofToken: bad) == nil)
    }
  }

  @Test("Each token is found by its digest, wherever it stands, and nothing else is")
  func table() throws {
    var tokens = TestTokens()
    for number in 0..<5 { try tokens.add("t\(number)", .read, "*") }
    for number in 0..<5 {
      let digest = try #require(TokenDigest(ofToken: tokens["t\(number)"]))
      #expect(tokens.table.token(digest, at: 0)?.name == "t\(number)")
    }
    let other = try #require(TokenDigest(hexadecimal: String(repeating: "0", count: 64)))
    #expect(tokens.table.token(other, at: 0) == nil)
    // One bit less, in each of the digest's octets.
    let digits = tokens.table.tokens[2].digest.hexadecimal
    for place in stride(from: 0, to: 64, by: 2) {
      let start = digits.index(digits.startIndex, offsetBy: place)
      let octet = try #require(UInt8(digits[start...].prefix(2), radix: 16)) ^ 1
      let changed = "\(digits[..<start])\(octet.hex)\(digits[start...].dropFirst(2))"
      let digest = try #require(TokenDigest(hexadecimal: changed))
      #expect(tokens.table.token(digest, at: 0) == nil)
    }
  }

  @Test("A name and a digest stand in the table once, and 1,000 tokens fit")
  func tableLimits() throws {
    func token(_ number: Int, name: String? = nil) throws -> Token {
      let digits = String(number, radix: 16)
      let digest = String(repeating: "0", count: 64 - digits.count) + digits
      return try Token(
        name: name ?? "t\(number)", digest: #require(TokenDigest(hexadecimal: digest)),
        scope: .read, services: ["*"])
    }
    var table = TokenTable()
    for number in 0..<1_000 { try table.add(try token(number)) }
    #expect(throws: TokenFault("tokens", "are more than 1000")) { try table.add(token(1_000)) }
    let removed = [table.remove("t500"), table.remove("t500")]
    #expect(removed == [true, false])
    #expect(throws: TokenFault.self) { try table.add(token(499, name: "new")) }
    #expect(throws: TokenFault.self) { try table.add(token(5_000, name: "t499")) }
    try table.add(token(5_000))
    let last = try token(5_000).digest
    #expect(table.token(last, at: 0)?.name == "t5000")
  }

  @Test(
    "A token's name is short and fit for a log line",
    arguments: [
      "", "a b", "a\nb", "a\"b", "a=b", "ä", "a\u{1B}[2J", "a/b", "anonymous", "Anonymous",
      String(repeating: "a", count: 65),
    ])
  func badName(name: String) throws {
    let digest = try #require(TokenDigest(hexadecimal: String(repeating: "0", count: 64)))
    #expect(throws: TokenFault.self) {
      try Token(name: name, digest: digest, scope: .read, services: ["*"])
    }
    _ = try Token(
      name: String(repeating: "a", count: 64), digest: digest, scope: .read, services: ["*"])
  }

  @Test("Patterns and prefixes are checked and limited")
  func badLists() throws {
    let digest = try #require(TokenDigest(hexadecimal: String(repeating: "0", count: 64)))
    func make(_ services: [String], _ addresses: [String]) throws {
      _ = try Token(
        name: "t", digest: digest, scope: .read, services: services, addresses: addresses)
    }
    let many = Array(repeating: "10.0.0.0/8", count: 64)
    try make(Array(repeating: "web", count: 64), many)
    #expect(throws: TokenFault.self) { try make(Array(repeating: "web", count: 65), []) }
    #expect(throws: TokenFault.self) { try make([], []) }
    #expect(throws: TokenFault.self) { try make(["web", "we_b"], []) }
    #expect(throws: TokenFault.self) { try make(["*"], many + ["10.0.0.0/8"]) }
    for bad in ["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10/8", "fd00::1/8", "x", "10.0.0.0/-1"] {
      #expect(throws: TokenFault.self, "\(bad)") { try make(["*"], [bad]) }
    }
  }
}

extension UInt8 {
  fileprivate var hex: String { (self < 16 ? "0" : "") + String(self, radix: 16) }
}
