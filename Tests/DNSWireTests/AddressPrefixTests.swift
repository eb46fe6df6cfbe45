// Address prefixes: text, and which addresses they hold.

import DNSWire
import Testing

@Suite("Address prefixes (RFC 4632, RFC 4291)")
struct AddressPrefixTests {
  @Test(
    "text becomes a prefix and text again",
    arguments: [
      ("10.0.0.0/8", "10.0.0.0/8"), ("0.0.0.0/0", "0.0.0.0/0"), ("192.0.2.1", "192.0.2.1/32"),
      ("192.0.2.1/32", "192.0.2.1/32"), ("192.0.2.128/25", "192.0.2.128/25"),
      ("2001:DB8::/32", "2001:db8::/32"), ("::/0", "::/0"), ("::1", "::1/128"),
      ("2001:db8::8000:0:0:0/65", "2001:db8:0:0:8000::/65"), ("::/64", "::/64"),
      ("::ffff:10.0.0.0/104", "10.0.0.0/8"), ("::ffff:0.0.0.0/96", "0.0.0.0/0"),
      ("::ffff:192.0.2.1", "192.0.2.1/32"), ("::ffff:192.0.2.1/128", "192.0.2.1/32"),
    ])
  func text(written: String, canonical: String) throws {
    let prefix = try #require(AddressPrefix(written))
    #expect(prefix == AddressPrefix(canonical))
    #expect(AddressPrefix(prefix.description) == prefix)
  }

  @Test(
    "what is no prefix is refused",
    arguments: [
      "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8",
      "10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0.0/0x8", "10.0.0.0/0008", "10/8", "10.0.0/8",
      "10.0.0.0/255.0.0.0", "::/129", "::/1000000000000000000000", "fe80::1%eth0/64", "web/8",
      "::ffff:10.0.0.0/8", "::ffff:10.0.0.0/95",
    ])
  func refused(text: String) {
    #expect(AddressPrefix(text) == nil)
  }

  @Test(
    "bits after the prefix are refused: the length or the address is not what was meant",
    arguments: ["10.1.0.0/8", "0.0.0.1/0", "192.0.2.1/31", "::1/127", "2001:db8::1/64", "1::/0"])
  func bitsAfterPrefix(text: String) {
    #expect(AddressPrefix(text) == nil)
  }

  @Test(
    "a prefix holds its first and last address, and not their neighbours",
    arguments: [
      ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0"]),
      ("192.0.2.128/25", ["192.0.2.128", "192.0.2.255"], ["192.0.2.127", "192.0.3.0"]),
      ("192.0.2.1", ["192.0.2.1"], ["192.0.2.0", "192.0.2.2"]),
      ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "::1", "2001:db8::1"]),
      ("::/0", ["::", "2001:db8::1", "ffff::"], ["0.0.0.0", "192.0.2.1"]),
      (
        "2001:db8::/32", ["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
        ["2001:db7:ffff::", "2001:db9::", "32.1.13.184"]
      ),
      (
        "2001:db8:0:1::/64", ["2001:db8:0:1::", "2001:db8:0:1:ffff::"],
        ["2001:db8::", "2001:db8:0:2::"]
      ),
      (
        "2001:db8:0:1:8000::/65", ["2001:db8:0:1:8000::", "2001:db8:0:1:ffff::"],
        ["2001:db8:0:1:7fff::", "2001:db8:0:2:8000::"]
      ),
      ("2001:db8::7", ["2001:db8::7"], ["2001:db8::6", "2001:db8:0:1::7"]),
    ])
  func contains(text: String, inside: [String], outside: [String]) throws {
    let prefix = try #require(AddressPrefix(text))
    for address in inside { #expect(prefix.contains(try #require(IPAddress(address)))) }
    for address in outside { #expect(!prefix.contains(try #require(IPAddress(address)))) }
  }

  @Test("an IPv4-mapped address counts as the IPv4 address, and never as an IPv6 address")
  func mapped() throws {
    let octets = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 10, 1, 2, 3]
    let mapped = try #require(IPAddress(octets: octets))
    #expect(!mapped.isV4 && mapped.unmapped == IPAddress("10.1.2.3"))
    #expect(AddressPrefix("10.0.0.0/8")?.contains(mapped) == true)
    #expect(AddressPrefix("11.0.0.0/8")?.contains(mapped) == false)
    #expect(AddressPrefix("::/0")?.contains(mapped) == false)
  }

  @Test("the prefix of an address has its first bits and zeros")
  func ofAddress() throws {
    let v4 = try #require(IPAddress("198.51.100.77"))
    #expect(AddressPrefix(of: v4, length: 24).description == "198.51.100.0/24")
    #expect(AddressPrefix(of: v4, length: 32).address == v4)
    #expect(AddressPrefix(of: v4, length: 128).length == 32)
    #expect(AddressPrefix(of: v4, length: 0) == AddressPrefix("0.0.0.0/0"))
    let v6 = try #require(IPAddress("2001:db8:1:2ff:3::4"))
    #expect(AddressPrefix(of: v6, length: 56) == AddressPrefix("2001:db8:1:200::/56"))
  }
}
