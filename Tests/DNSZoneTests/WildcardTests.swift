// Names that a wildcard answers for.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Wildcards (RFC 4592)")
struct WildcardTests {
  /// The zone of RFC 4592 section 2.2.1.
  let example = ZoneUnderTest(
    "example.",
    """
    @ SOA ns.example.com. hostmaster.example.com. 1 7200 900 1209600 60
    @ NS ns.example.com.
    @ NS ns.example.net.
    * TXT "this is a wildcard"
    * MX 10 host1
    sub.* TXT "this is not a wildcard"
    host1 A 192.0.2.1
    _ssh._tcp.host1 SRV 0 0 22 host1
    _ssh._tcp.host2 SRV 0 0 22 host2
    subdel NS ns.example.com.
    subdel NS ns.example.net.
    """)
  static let soa: RecordSection =
    "example. 60 IN SOA ns.example.com. hostmaster.example.com. 1 7200 900 1209600 60"

  @Test("section 2.2.1: host3.example MX is synthesized")
  func host3MX() throws {
    let reply = try example.ask("host3.example.", .mx)
    #expect(reply.code == .noError)
    #expect(reply.isAuthoritative)
    #expect(reply.answer == "host3.example. 3600 IN MX 10 host1.example.")
    #expect(reply.additional == "host1.example. 3600 IN A 192.0.2.1")
  }

  @Test("section 2.2.1: host3.example A is NODATA")
  func host3A() throws {
    let reply = try example.ask("host3.example.", .a)
    #expect(reply.code == .noError)
    #expect(reply.answer.isEmpty)
    #expect(reply.authority == Self.soa)
  }

  @Test("section 2.2.1: foo.bar.example TXT is synthesized, bar.example does not exist")
  func fooBarTXT() throws {
    let reply = try example.ask("foo.bar.example.", .txt)
    #expect(reply.answer == "foo.bar.example. 3600 IN TXT \"this is a wildcard\"")
    #expect(reply.isAuthoritative)
  }

  @Test("section 2.2.1: host1.example MX is NODATA, the name exists")
  func host1MX() throws {
    let reply = try example.ask("host1.example.", .mx)
    #expect(reply.code == .noError)
    #expect(reply.answer.isEmpty)
    #expect(reply.authority == Self.soa)
  }

  @Test("section 2.2.1: sub.*.example MX is NODATA, the name exists")
  func subWildcardMX() throws {
    let reply = try example.ask("sub.*.example.", .mx)
    #expect(reply.code == .noError)
    #expect(reply.answer.isEmpty)
    #expect(try example.ask("sub.*.example.", .txt).answer.count == 1)
  }

  @Test("section 2.2.1: _telnet._tcp.host1.example SRV is NXDOMAIN, its parent exists")
  func telnetSRV() throws {
    let reply = try example.ask("_telnet._tcp.host1.example.", .srv)
    #expect(reply.code == .nameError)
    #expect(reply.authority == Self.soa)
    #expect(try example.ask("_tcp.host1.example.", .txt).code == .noError)
    #expect(try example.ask("_tcp.host1.example.", .txt).answer.isEmpty)
    #expect(try example.ask("host2.example.", .txt).answer.isEmpty)
    #expect(try example.ask("x.host2.example.", .txt).code == .nameError)
  }

  @Test("section 2.2.1: host.subdel.example A is a referral")
  func subdel() throws {
    let reply = try example.ask("host.subdel.example.", .a)
    #expect(reply.code == .noError)
    #expect(!reply.isAuthoritative)
    #expect(reply.answer.isEmpty)
    #expect(
      reply.authority
        == """
        subdel.example. 3600 IN NS ns.example.com.
        subdel.example. 3600 IN NS ns.example.net.
        """)
  }

  @Test("section 2.2.1: ghost.*.example MX is NXDOMAIN, the wildcard itself is the encloser")
  func ghost() throws {
    let reply = try example.ask("ghost.*.example.", .mx)
    #expect(reply.code == .nameError)
    #expect(reply.authority == Self.soa)
  }

  @Test("section 2.3: the wildcard's own name is an ordinary one")
  func wildcardAsked() throws {
    #expect(
      try example.ask("*.example.", .txt).answer
        == "*.example. 3600 IN TXT \"this is a wildcard\"")
    #expect(try example.ask("*.example.", .a).code == .noError)
  }

  @Test("section 2.1.1: an asterisk counts only as the whole leftmost label")
  func otherAsterisks() throws {
    let served = ZoneUnderTest(
      "example.",
      """
      @ SOA ns hostmaster 1 7200 900 1209600 60
      @ NS ns.elsewhere.
      *a TXT "star a"
      ** TXT "two stars"
      x.*.deep TXT "star inside"
      """)
    for name in ["ba.example.", "b.example.", "x.ba.example."] {
      #expect(try served.ask(name, .txt).code == .nameError, "\(name)")
    }
    #expect(try served.ask("*a.example.", .txt).answer.values == ["\"star a\""])
    // The wildcard below deep.example has no records of its own.
    #expect(try served.ask("y.deep.example.", .txt).code == .noError)
    #expect(try served.ask("x.y.deep.example.", .txt).answer.isEmpty)
  }

  @Test("section 4.3: a wildcard CNAME is followed from the name asked for")
  func wildcardCNAME() throws {
    let served = ZoneUnderTest(
      "example.",
      """
      @ SOA ns hostmaster 1 7200 900 1209600 60
      @ NS ns.elsewhere.
      *.w 30 CNAME host
      *.loop CNAME x.loop
      *.chain CNAME y.w
      host 5 A 10.0.0.1
      """)
    let reply = try served.ask("a.B.w.example.", .a)
    #expect(
      reply.answer
        == "a.b.w.example. 30 IN CNAME host.example.\nhost.example. 5 IN A 10.0.0.1")
    #expect(reply.isAuthoritative)
    #expect(try served.ask("q.w.example.", .cname).answer.lines.count == 1)
    #expect(try served.ask("q.w.example.", .txt).authority.count == 1)
    #expect(
      try served.ask("q.chain.example.", .a).answer
        == """
        q.chain.example. 3600 IN CNAME y.w.example.
        y.w.example. 30 IN CNAME host.example.
        host.example. 5 IN A 10.0.0.1
        """)
  }

  @Test("section 4.5: an empty wildcard name blocks nothing and gives NODATA")
  func emptyWildcard() throws {
    let served = ZoneUnderTest(
      "example.",
      """
      @ SOA ns hostmaster 1 7200 900 1209600 60
      @ NS ns.elsewhere.
      * TXT "outer"
      sub.*.b A 10.0.0.1
      """)
    let reply = try served.ask("x.b.example.", .txt)
    #expect(reply.code == .noError)
    #expect(reply.answer.isEmpty)
  }

  @Test("the nearest wildcard alone counts: an outer one does not reach below an existing name")
  func closestEncloser() throws {
    let served = ZoneUnderTest(
      "example.",
      """
      @ SOA ns hostmaster 1 7200 900 1209600 60
      @ NS ns.elsewhere.
      * 5 A 10.0.0.1
      b TXT "exists"
      *.c 5 A 10.0.0.2
      """)
    #expect(try served.ask("x.b.example.", .a).code == .nameError)
    #expect(try served.ask("x.y.example.", .a).answer.values == ["10.0.0.1"])
    #expect(try served.ask("x.y.c.example.", .a).answer.values == ["10.0.0.2"])
    #expect(try served.ask("c.example.", .a).answer.isEmpty)
    #expect(try served.ask("c.example.", .a).code == .noError)
  }

  @Test("turns of a wildcard are counted at its owner, for all names alike")
  func turns() throws {
    let served = ZoneUnderTest(
      "example.",
      """
      @ SOA ns hostmaster 1 7200 900 1209600 60
      @ NS ns.elsewhere.
      * 5 A 10.0.0.1
      * 5 A 10.0.0.2
      * 5 A 10.0.0.3
      """)
    let names = ["a.example.", "b.example.", "x.y.example.", "*.example.", "a.example."]
    let firsts = try names.map { try served.ask($0, .a).answer.values.first }
    #expect(
      firsts == ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.1", "10.0.0.2"])
  }
}
