// Where a zone's authority ends: referrals, glue, DS, occluded names.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Delegations (RFC 1034 section 4.2.1, RFC 9471)")
struct DelegationTests {
  let served = ZoneUnderTest(
    "example.",
    """
    @ SOA ns hostmaster 1 7200 900 1209600 60
    @ NS ns
    ns 300 A 192.0.2.53
    sub 60 NS ns.sub
    sub 60 NS ns
    sub 60 NS ns.other
    sub 60 NS far.away.
    sub 70 DS 5
    ns.sub 61 A 192.0.2.1
    ns.sub 61 AAAA 2001:db8::1
    www.sub 5 A 10.0.0.9
    deep.sub NS ns.deep.sub
    other NS ns.other
    ns.other 62 A 192.0.2.2
    self NS self
    self 63 A 192.0.2.3
    mail MX 10 www.sub
    mail MX 20 self
    mail MX 30 ns
    a.b.cut NS far.away.
    """.replacing("DS 5", with: "DS \\# 5 0001020304"))
  static let soa: RecordSection =
    "example. 60 IN SOA ns.example. hostmaster.example. 1 7200 900 1209600 60"
  static let referral: RecordSection =
    """
    sub.example. 60 IN NS ns.sub.example.
    sub.example. 60 IN NS ns.example.
    sub.example. 60 IN NS ns.other.example.
    sub.example. 60 IN NS far.away.
    """

  @Test(
    "names at and below a cut get a referral: NOERROR, AA=0, NS and glue, sibling's too",
    arguments: [
      "sub.example.", "www.sub.example.", "none.sub.example.", "x.y.sub.example.",
      "ns.sub.example.", "deep.sub.example.", "www.deep.sub.example.", "*.sub.example.",
    ])
  func referral(name: String) throws {
    for type in [RecordType.a, .ns, .txt, .any, .cname, .soa] {
      let reply = try served.ask(name, type)
      #expect(reply.code == .noError)
      #expect(!reply.isAuthoritative)
      #expect(!reply.isTruncated)
      #expect(reply.answer.isEmpty)
      #expect(reply.authority == Self.referral)
      #expect(
        reply.additional
          == """
          ns.sub.example. 61 IN A 192.0.2.1
          ns.sub.example. 61 IN AAAA 2001:db8::1
          ns.example. 300 IN A 192.0.2.53
          ns.other.example. 62 IN A 192.0.2.2
          """)
    }
  }

  @Test("glue that is needed comes before other addresses")
  func glueFirst() throws {
    let reply = try served.ask("www.sub.example.", .a)
    #expect(
      reply.additional.records.prefix(2).allSatisfy {
        $0.owner == ZoneUnderTest.name("ns.sub.example.")
      })
  }

  @Test("DS at the cut is the parent's, with AA (RFC 4035 section 3.1.4.1)")
  func delegationSigner() throws {
    let reply = try served.ask("sub.example.", .ds)
    #expect(reply.isAuthoritative)
    #expect(reply.answer == "sub.example. 70 IN DS \\# 5 0001020304")
    #expect(reply.authority.isEmpty)
    let none = try served.ask("other.example.", .ds)
    #expect(none.isAuthoritative)
    #expect(none.code == .noError)
    #expect(none.authority == Self.soa)
    #expect(!(try served.ask("deep.sub.example.", .ds).isAuthoritative))
    #expect(try served.ask("x.sub.example.", .ds).authority == Self.referral)
  }

  @Test("a server named like the cut brings its glue")
  func selfNamed() throws {
    let reply = try served.ask("x.self.example.", .a)
    #expect(reply.authority == "self.example. 3600 IN NS self.example.")
    #expect(reply.additional == "self.example. 63 IN A 192.0.2.3")
    #expect(!(try served.ask("self.example.", .a).isAuthoritative))
  }

  @Test("glue is no additional data of an authoritative answer")
  func glueElsewhere() throws {
    let reply = try served.ask("mail.example.", .mx)
    #expect(reply.isAuthoritative)
    #expect(reply.additional == "ns.example. 300 IN A 192.0.2.53")
  }

  @Test("empty non-terminals above a cut exist")
  func aboveCut() throws {
    #expect(try served.ask("b.cut.example.", .a).authority == Self.soa)
    #expect(try served.ask("cut.example.", .a).code == .noError)
    #expect(try served.ask("x.b.cut.example.", .a).code == .nameError)
  }

  @Test("NS at the apex is no cut")
  func apex() throws {
    let reply = try served.ask("example.", .ns)
    #expect(reply.isAuthoritative)
    #expect(reply.answer == "example. 3600 IN NS ns.example.")
    #expect(try served.ask("none.example.", .a).isAuthoritative)
  }

  @Test("a referral that can't hold its glue is truncated, TCP has it (RFC 9471 section 3)")
  func glueTruncation() throws {
    let servers = (0..<14).map { "sub NS ns\($0).sub\nns\($0).sub AAAA 2001:db8::\($0)" }
    let served = ZoneUnderTest(
      "example.",
      "@ SOA ns h 1 2 3 4 5\n@ NS ns.elsewhere.\n" + servers.joined(separator: "\n"))
    let small = try served.ask("www.sub.example.", .a, over: .udp)
    #expect(small.isTruncated)
    #expect(small.length <= 512)
    let whole = try served.ask("www.sub.example.", .a, over: .tcp)
    #expect(!whole.isTruncated)
    #expect(whole.authority.count == 14)
    #expect(whole.additional.count == 14)
  }

  @Test("a referral without room for addresses that are no glue is not truncated")
  func optionalAddresses() throws {
    let servers = (0..<14).map { "sub NS ns\($0)\nns\($0) AAAA 2001:db8::\($0)" }
    let served = ZoneUnderTest(
      "example.",
      "@ SOA ns h 1 2 3 4 5\n@ NS ns.elsewhere.\n" + servers.joined(separator: "\n"))
    let small = try served.ask("www.sub.example.", .a, over: .udp)
    #expect(!small.isTruncated)
    #expect(small.authority.count == 14)
    #expect(small.additional.count < 14)
  }
}
