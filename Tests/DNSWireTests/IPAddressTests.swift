// IP addresses: text, octets, kinds.

import DNSWire
import Testing

@Suite("IP addresses (RFC 4291, RFC 5952)")
struct IPAddressTests {
  @Test(
    "text becomes octets and text again",
    arguments: [
      ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
      ("100.20.3.0", "100.20.3.0"), ("9.10.99.105", "9.10.99.105"),
      ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("::", "::"), ("::1", "::1"),
      ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("fe80::1", "fe80::1"),
      ("2001:0:0:1::1", "2001:0:0:1::1"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ])
  func canonicalText(text: String, canonical: String) throws {
    let address = try #require(IPAddress(text))
    #expect(address.description == canonical)
    #expect(IPAddress(octets: address.octets) == address)
  }

  @Test(
    "what is no address is refused",
    arguments: [
      "", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.4.", ".1.2.3", "1..2.3", "1.2.3.", "....",
      "00.1.2.3", "1.2.3.00", "1.2.3.1000", "1:2.3.4", "1.2.3.99999999999999999999", "256.1.1.1",
      "1.2.3.-4", "01.2.3.4", "0x1.2.3.4",
      "1.2.3.4 ", " 1.2.3.4", "1.2.3.4/8", "1.2.3.4:80", ":::", "1::2::3", "12345::",
      "fe80::1%eth0",
      "[::1]", "::1/128", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1.2.3", "web",
    ])
  func refusedText(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test("an address with something behind a NUL is refused")
  func embeddedNUL() {
    #expect(IPAddress("192.0.2.1\0") == nil)
    #expect(IPAddress("192.0.2.1\0.evil") == nil)
    #expect(IPAddress("::1\0x") == nil)
  }

  @Test("an IPv4-mapped address is the IPv4 address, a compatible one is not")
  func mapped() {
    #expect(IPAddress("::ffff:192.0.2.1") == IPAddress("192.0.2.1"))
    #expect(IPAddress("::FFFF:c000:201") == IPAddress("192.0.2.1"))
    #expect(IPAddress("::192.0.2.1")?.isV4 == false)
    #expect(IPAddress("64:ff9b::192.0.2.1")?.isV4 == false)
  }

  @Test("only four or sixteen octets are an address")
  func octetCounts() {
    for count in 0...20 {
      let address = IPAddress(octets: [UInt8](repeating: 1, count: count))
      #expect((address != nil) == (count == 4 || count == 16))
    }
  }

  @Test("the record type follows the family")
  func recordTypes() {
    #expect(IPAddress("10.0.0.1")?.recordType == .a)
    #expect(IPAddress("fd00::1")?.recordType == .aaaa)
  }

  @Test(
    "unspecified, loopback, multicast and link-local addresses are told at both ends of a range",
    arguments: [
      ("0.0.0.0", "u"), ("0.0.0.1", ""), ("::", "u"), ("::1", "l"), ("::2", ""), ("1::1", ""),
      ("126.255.255.255", ""), ("127.0.0.0", "l"), ("127.255.255.255", "l"), ("128.0.0.0", ""),
      ("169.253.255.255", ""), ("169.254.0.0", "k"), ("169.254.255.255", "k"),
      ("169.255.0.0", ""), ("223.255.255.255", ""), ("224.0.0.0", "m"), ("239.255.255.255", "m"),
      ("240.0.0.0", ""), ("255.255.255.254", ""), ("255.255.255.255", "m"), ("fe7f::1", ""),
      ("fe80::", "k"), ("febf:ffff::1", "k"), ("fec0::1", ""), ("feff::1", ""), ("ff00::", "m"),
      ("ffff::1", "m"), ("fd00::1", ""), ("10.0.0.1", ""),
    ])
  func kinds(text: String, kinds: String) throws {
    let address = try #require(IPAddress(text))
    #expect(address.isUnspecified == kinds.contains("u"))
    #expect(address.isLoopback == kinds.contains("l"))
    #expect(address.isMulticastOrBroadcast == kinds.contains("m"))
    #expect(address.isLinkLocal == kinds.contains("k"))
  }
}
