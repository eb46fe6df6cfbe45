// The text of listening addresses.

import DNSTransport
import Testing

extension TransportTests {
  @Suite("Listening addresses")
  struct ListenAddressTests {
    @Test(
      "an address is written back in its canonical form",
      arguments: [
        ("127.0.0.1:5300", "127.0.0.1:5300"), ("0.0.0.0:53", "0.0.0.0:53"),
        ("[::1]:5300", "[::1]:5300"), ("[::]:0", "[::]:0"),
        ("[2001:DB8:0:0::1]:65535", "[2001:db8::1]:65535"),
        ("10.0.0.1:08053", "10.0.0.1:8053"),
      ])
    func canonicalForm(text: String, form: String) throws {
      #expect(try ListenAddress(text).description == form)
    }

    @Test(
      "what is no address is refused with the reason",
      arguments: [
        ("", AddressFault.missingPort), ("127.0.0.1", .missingPort), ("[::1]", .missingPort),
        ("127.0.0.1:", .badPort), ("127.0.0.1:65536", .badPort), ("127.0.0.1:+53", .badPort),
        ("127.0.0.1:-1", .badPort), ("127.0.0.1:dns", .badPort), ("[::1]:5 3", .badPort),
        ("::1:53", .bareIPv6), ("2001:db8::1", .bareIPv6),
        (":53", .notAnIPAddress), ("localhost:53", .notAnIPAddress), ("[]:53", .notAnIPAddress),
        ("[127.0.0.1]:53", .notAnIPAddress), ("127.1:53", .notAnIPAddress),
        ("256.0.0.1:53", .notAnIPAddress), ("[::1:53", .bareIPv6),
        ("[fe80::1%lo]:53", .notAnIPAddress),
        // An IPv4 address in IPv6's clothes: IPv6 sockets here carry IPv6 alone.
        ("[::ffff:192.0.2.1]:53", .notAnIPAddress),
      ])
    func refused(text: String, fault: AddressFault) {
      #expect(throws: TransportError.notAnAddress(text, fault)) { try ListenAddress(text) }
    }

    @Test("the error shows the text, the reason and how to write it")
    func errorText() {
      let error = #expect(throws: TransportError.self) { try ListenAddress("::1:53") }
      #expect(
        error?.description == """
          "::1:53" is not an address to listen on: an IPv6 address stands in brackets; \
          write it like 127.0.0.1:5300 or [::1]:5300
          """)
    }

    @Test("the parts of an address can be asked for")
    func parts() throws {
      let address = try ListenAddress("[2001:db8::5]:8053")
      #expect(address.ipAddress == "2001:db8::5")
      #expect(address.port == 8053)
      #expect(!address.isWildcard && !address.isLoopback)
    }

    @Test(
      "loopback is 127.0.0.0/8 and ::1",
      arguments: [
        ("127.0.0.1:1", true), ("127.255.255.255:1", true), ("[::1]:1", true),
        ("126.255.255.255:1", false), ("128.0.0.0:1", false), ("[::2]:1", false),
        ("0.0.0.0:1", false),
      ])
    func loopback(text: String, isLoopback: Bool) throws {
      #expect(try ListenAddress(text).isLoopback == isLoopback)
    }

    @Test(
      "the wildcards are all zeros",
      arguments: [
        ("0.0.0.0:1", true), ("[::]:1", true), ("0.0.0.1:1", false), ("[::1]:1", false),
        ("[1::]:1", false),
      ])
    func wildcard(text: String, isWildcard: Bool) throws {
      #expect(try ListenAddress(text).isWildcard == isWildcard)
    }

    @Test("the same address in two spellings is one")
    func equality() throws {
      let addresses: Set = [try ListenAddress("[::1]:53"), try ListenAddress("[0:0::1]:53")]
      #expect(addresses.count == 1)
    }
  }
}
