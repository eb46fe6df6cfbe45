// Server cookies against the examples of RFC 9018.

import DNSWire
import Testing

@Suite("Server cookies (RFC 9018)")
struct ServerCookieTests {
  /// One example of RFC 9018 appendix A: the cookie that a server makes.
  struct Example: Sendable, CustomTestStringConvertible {
    let section: String
    let secret: [UInt8]
    let client: [UInt8]
    let address: String
    let time: UInt32
    let cookie: [UInt8]
    var testDescription: String { "appendix \(section)" }
  }

  static let secret: [UInt8] = hex("e5e973e5a6b2a43f48e7dc849e37bfcf")

  static let examples = [
    Example(
      section: "A.1", secret: secret, client: hex("2464c4abcf10c957"), address: "198.51.100.100",
      time: 1_559_731_985, cookie: hex("010000005cf79f111f8130c3eee29480")),
    Example(
      section: "A.2", secret: secret, client: hex("2464c4abcf10c957"), address: "198.51.100.100",
      time: 1_559_734_385, cookie: hex("010000005cf7a871d4a564a1442aca77")),
    Example(
      section: "A.3", secret: secret, client: hex("fc93fc62807ddb86"), address: "203.0.113.203",
      time: 1_559_734_700, cookie: hex("010000005cf7a9acf73a7810aca2381e")),
    Example(
      section: "A.4", secret: hex("445536bcd2513298075a5d379663c962"),
      client: hex("22681ab97d52c298"), address: "2001:db8:220:1:59de:d0f4:8769:82b8",
      time: 1_559_741_961, cookie: hex("010000005cf7c609a6bb79d16625507a")),
  ]

  @Test("the examples of appendix A", arguments: examples)
  func example(_ example: Example) throws {
    let maker = ServerCookie(secret: try #require(SipHash.Key(octets: example.secret)))
    let address = try #require(IPAddress(example.address)).octets
    #expect(maker.make(example.client, address, example.time) == example.cookie)
  }

  let maker = ServerCookie(secret: SipHash.Key.random())
  let client: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
  let address: [UInt8] = [127, 0, 0, 1]

  @Test("a cookie is good for an hour, and five minutes before its time (section 4.3)")
  func lifetime() {
    for now: UInt32 in [1_000_000, 0, 299, .max, .max - 3_599] {
      let cookie = client + maker.make(client, address, now)
      #expect(maker.accepts(cookie, address, now))
      #expect(maker.accepts(cookie, address, now &+ 3_600))
      #expect(!maker.accepts(cookie, address, now &+ 3_601))
      #expect(maker.accepts(cookie, address, now &- 300))
      #expect(!maker.accepts(cookie, address, now &- 301))
    }
  }

  @Test("any other octet, client or address is refused")
  func forged() {
    let cookie = client + maker.make(client, address, 1_000)
    for index in cookie.indices {
      var forged = cookie
      forged[index] ^= 0x01
      #expect(!maker.accepts(forged, address, 1_000), "octet \(index)")
    }
    #expect(!maker.accepts(cookie, [127, 0, 0, 2], 1_000))
    #expect(!maker.accepts(cookie, [UInt8](repeating: 0, count: 16), 1_000))
    #expect(!maker.accepts(client, address, 1_000))
    #expect(!maker.accepts(cookie + [0], address, 1_000))
    #expect(!maker.accepts(Array(cookie.dropLast()), address, 1_000))
  }

  @Test("reserved octets are part of the hash and nothing else (appendix A.3)")
  func reserved() throws {
    let maker = ServerCookie(secret: try #require(SipHash.Key(octets: Self.secret)))
    let cookie = hex("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5")
    #expect(maker.accepts(cookie, [203, 0, 113, 203], 1_559_727_985))
  }

  @Test("while secrets are exchanged, cookies of both are good (section 5)")
  func rollover() {
    let (old, new) = (SipHash.Key.random(), SipHash.Key.random())
    let before = ServerCookie(secret: old)
    let meanwhile = ServerCookie(secret: new, otherSecret: old)
    let after = ServerCookie(secret: new)
    let cookie = client + before.make(client, address, 7)
    #expect(meanwhile.accepts(cookie, address, 7))
    #expect(!after.accepts(cookie, address, 7))
    #expect(after.accepts(client + meanwhile.make(client, address, 7), address, 7))
  }
}

extension ServerCookie {
  fileprivate func make(_ client: [UInt8], _ address: [UInt8], _ time: UInt32) -> [UInt8] {
    var cookie = [UInt8](repeating: 0, count: Self.length)
    cookie.withUnsafeMutableBytes { cookie in
      address.withUnsafeBytes { address in
        client.withUnsafeBytes { client in
          write(
            to: cookie.baseAddress!, clientCookie: client.baseAddress!, address: address, at: time)
        }
      }
    }
    return cookie
  }

  fileprivate func accepts(_ option: [UInt8], _ address: [UInt8], _ time: UInt32) -> Bool {
    option.withUnsafeBytes { option in
      address.withUnsafeBytes { accepts(option, address: $0, at: time) }
    }
  }
}

private func hex(_ text: String) -> [UInt8] {
  let digits = text.compactMap(\.hexDigitValue).map(UInt8.init)
  return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
