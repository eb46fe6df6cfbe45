// Names that do not exist, and how long that may be kept.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Negative answers (RFC 2308)")
struct NegativeAnswerTests {
  private func zone(soaTTL: UInt32, minimum: UInt32, limit: UInt32 = .max) -> ZoneUnderTest {
    ZoneUnderTest(
      "example.",
      """
      @ \(soaTTL) SOA ns hostmaster 1 7200 900 1209600 \(minimum)
      @ NS ns.elsewhere.
      host 5 A 10.0.0.1
      """, negativeTTLLimit: limit)
  }

  @Test("a name that does not exist is NXDOMAIN: AA, SOA of the zone (RFC 2308 section 2.1)")
  func nameError() throws {
    let served = zone(soaTTL: 300, minimum: 300)
    for name in ["none.example.", "a.b.none.example.", "x.host.example.", "\\000.example."] {
      let reply = try served.ask(name, .a)
      #expect(reply.code == .nameError)
      #expect(reply.isAuthoritative)
      #expect(reply.answer.isEmpty && reply.additional.isEmpty)
      #expect(
        reply.authority
          == "example. 300 IN SOA ns.example. hostmaster.example. 1 7200 900 1209600 300")
    }
  }

  @Test(
    "the SOA's TTL is the least of its own, MINIMUM and the limit (RFC 2308 section 5)",
    arguments: [
      (300, 60, UInt32.max, 60), (60, 300, UInt32.max, 60), (300, 60, 1, 1), (300, 60, 0, 0),
      (0, 60, UInt32.max, 0), (300, 0, UInt32.max, 0), (5, 5, 6, 5),
      (2_147_483_647, 2_147_483_647, UInt32.max, 2_147_483_647),
    ] as [(UInt32, UInt32, UInt32, UInt32)])
  func negativeTTL(soaTTL: UInt32, minimum: UInt32, limit: UInt32, expected: UInt32) throws {
    let served = zone(soaTTL: soaTTL, minimum: minimum, limit: limit)
    for (name, type) in [("none.example.", RecordType.a), ("host.example.", .mx)] {
      #expect(try served.ask(name, type).authority.ttls == [expected])
    }
    // MINIMUM itself is not changed, nor the TTL of the SOA when it is asked for.
    let soa = try served.ask("example.", .soa).answer
    #expect(soa.ttls == [soaTTL])
    #expect(try served.ask("none.example.", .a).authority.values == soa.values)
  }

  @Test("the SOA's owner is written as a pointer into the question")
  func compressedOwner() throws {
    let reply = try zone(soaTTL: 300, minimum: 300).ask("none.EXAMPLE.", .a, over: .udp)
    // Header, question, owner, fixed fields, two names of a label and a pointer, five numbers.
    #expect(reply.length == 12 + 18 + 2 + 10 + 5 + 13 + 20)
  }

  @Test("MNAME and RNAME of any length leave MINIMUM where it is")
  func longSOA() throws {
    let long = String(repeating: "abcdefghi.", count: 20)
    let served = ZoneUnderTest(
      "example.",
      """
      @ 900 SOA \(long)ns.\(long.prefix(20)) . 4294967295 7200 900 1209600 77
      @ NS ns.elsewhere.
      """)
    #expect(try served.ask("none.example.", .a).authority.ttls == [77])
  }
}
