// Names that exist: exact matches, NODATA, empty non-terminals, ANY.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Names that exist (RFC 1034 section 4.3.2, RFC 2308, RFC 8020)")
struct ExistingNameTests {
  let served = ZoneUnderTest(
    "example.",
    """
    @ SOA ns hostmaster 1 7200 900 1209600 60
    @ NS ns
    ns 300 A 192.0.2.53
    host 5 A 10.0.0.1
    host 5 A 10.0.0.2
    host 7 AAAA fd00::1
    host 9 TXT "one" "two"
    host TYPE65280 \\# 3 010203
    a.b.c 5 A 10.0.0.3
    """)
  static let soa: RecordSection =
    "example. 60 IN SOA ns.example. hostmaster.example. 1 7200 900 1209600 60"

  @Test("an exact match gives the whole RRset, authoritatively")
  func exactMatch() throws {
    let reply = try served.ask("host.example.", .a)
    #expect(reply.code == .noError)
    #expect(reply.isAuthoritative)
    #expect(!reply.isTruncated)
    #expect(reply.answer == "host.example. 5 IN A 10.0.0.1\nhost.example. 5 IN A 10.0.0.2")
    #expect(reply.authority.isEmpty && reply.additional.isEmpty)
    #expect(try served.ask("HOST.eXample.", .aaaa).answer == "host.example. 7 IN AAAA fd00::1")
    let text = try served.ask("host.example.", .txt)
    #expect(text.answer == "host.example. 9 IN TXT \"one\" \"two\"")
  }

  @Test("a type that nobody knows is served as it is (RFC 3597)")
  func unknownType() throws {
    let reply = try served.ask("host.example.", RecordType(rawValue: 65_280))
    #expect(reply.answer == "host.example. 3600 IN TYPE65280 \\# 3 010203")
  }

  @Test("a name without the type is NODATA: NOERROR, AA, SOA (RFC 2308 section 2.2)")
  func noData() throws {
    for (name, type) in [("host.example.", RecordType.mx), ("ns.example.", .aaaa)] {
      let reply = try served.ask(name, type)
      #expect(reply.code == .noError)
      #expect(reply.isAuthoritative)
      #expect(reply.answer.isEmpty)
      #expect(reply.authority == Self.soa)
    }
  }

  @Test("signature types of an unsigned zone are NODATA", arguments: [46, 47, 43] as [UInt16])
  func unsigned(type: UInt16) throws {
    let reply = try served.ask("host.example.", RecordType(rawValue: type))
    #expect(reply.code == .noError)
    #expect(reply.authority == Self.soa)
  }

  @Test("an empty non-terminal is NODATA for every type (RFC 8020, RFC 4592 section 2.2.2)")
  func emptyNonTerminals() throws {
    for name in ["b.c.example.", "c.example."] {
      for type in [RecordType.a, .txt, .any, .ns, .soa, .ds] {
        let reply = try served.ask(name, type)
        #expect(reply.code == .noError, "\(name) \(type)")
        #expect(reply.authority == Self.soa)
      }
    }
    #expect(try served.ask("x.b.c.example.", .a).code == .nameError)
  }

  @Test("the apex answers for SOA and NS, with the servers' addresses")
  func apex() throws {
    let soa = try served.ask("example.", .soa)
    #expect(
      soa.answer == "example. 3600 IN SOA ns.example. hostmaster.example. 1 7200 900 1209600 60")
    let ns = try served.ask("example.", .ns)
    #expect(ns.answer == "example. 3600 IN NS ns.example.")
    #expect(ns.additional == "ns.example. 300 IN A 192.0.2.53")
    #expect(ns.isAuthoritative)
    #expect(try served.ask("example.", .a).authority == Self.soa)
  }

  @Test("ANY gives one RRset of the name, whole (RFC 8482 section 4.1)")
  func any() throws {
    let reply = try served.ask("host.example.", .any)
    #expect(reply.code == .noError)
    #expect(reply.isAuthoritative)
    let type = try #require(reply.answer.records.first?.type)
    #expect(reply.answer == (try served.ask("host.example.", type).answer))
    #expect(try served.ask("none.example.", .any).code == .nameError)
  }

  @Test("an RRset with mixed TTLs gets the lowest (RFC 2181 section 5.2)")
  func mixedTTLs() throws {
    let served = ZoneUnderTest(
      "example.",
      """
      @ SOA ns hostmaster 1 7200 900 1209600 60
      @ NS ns.elsewhere.
      host 50 A 10.0.0.1
      host 5 A 10.0.0.2
      host 500 A 10.0.0.3
      """)
    #expect(try served.ask("host.example.", .a).answer.ttls == [5])
  }

  @Test("the root can be a zone")
  func rootZone() throws {
    let served = ZoneUnderTest(
      ".",
      """
      @ SOA ns. hostmaster. 1 7200 900 1209600 60
      @ NS ns.
      ns 5 A 192.0.2.1
      org NS ns.org.
      ns.org 5 A 192.0.2.2
      *.wild 5 A 192.0.2.3
      """)
    #expect(try served.ask(".", .ns).additional == "ns. 5 IN A 192.0.2.1")
    #expect(try served.ask("ns.", .a).answer == "ns. 5 IN A 192.0.2.1")
    #expect(try served.ask(".", .ds).code == .noError)
    #expect(try served.ask("com.", .a).code == .nameError)
    #expect(try served.ask("x.y.wild.", .a).answer == "x.y.wild. 5 IN A 192.0.2.3")
    #expect(try served.ask("www.org.", .a).authority == "org. 3600 IN NS ns.org.")
  }

  @Test("names of 255 octets and 127 labels are served")
  func longNames() throws {
    let longest = String(repeating: "x.", count: 123) + "example."
    #expect(ZoneUnderTest.name(longest).wire.count == 255)
    let served = ZoneUnderTest(
      "example.",
      """
      @ SOA ns hostmaster 1 7200 900 1209600 60
      @ NS ns.elsewhere.
      \(longest) 5 A 10.0.0.1
      * 5 TXT "wild"
      """)
    #expect(try served.ask(longest, .a).answer == RecordSection("\(longest) 5 IN A 10.0.0.1"))
    let other = String(repeating: "x.", count: 122) + "y.example."
    #expect(try served.ask(other, .txt).answer == RecordSection("\(other) 5 IN TXT \"wild\""))
    let deep = "yy" + longest.dropFirst(3)
    #expect(try served.ask(deep, .txt).code == .nameError)
    let half = String(repeating: "x.", count: 60) + "example."
    #expect(try served.ask(half, .a).code == .noError)
  }
}
