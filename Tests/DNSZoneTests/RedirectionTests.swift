// DNAME: names below it are elsewhere.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Redirections (RFC 6672)")
struct RedirectionTests {
  let served = ZoneUnderTest(
    "example.",
    """
    @ SOA ns hostmaster 1 7200 900 1209600 60
    @ NS ns.elsewhere.
    old 30 DNAME new
    old 5 TXT "beside the DNAME"
    below.old 5 A 10.9.9.9
    host.new 5 A 10.0.0.1
    out 40 DNAME elsewhere.
    root DNAME .
    alias CNAME host.old
    loop DNAME loop2
    loop2 DNAME loop
    """)
  static let soa: RecordSection =
    "example. 60 IN SOA ns.example. hostmaster.example. 1 7200 900 1209600 60"

  @Test(
    "a question for the CNAME ends with the one that stands for the DNAME",
    arguments: [
      RecordType.cname, .any,
    ])
  func aliasAsked(type: RecordType) throws {
    let reply = try served.ask("host.old.example.", type)
    #expect(
      reply.answer == """
        old.example. 30 IN DNAME new.example.
        host.old.example. 30 IN CNAME host.new.example.
        """)
    #expect(reply.authority.isEmpty)
    #expect(reply.code == .noError)
  }

  @Test("a name below is answered with the DNAME, a CNAME of its TTL, and the target's data")
  func below() throws {
    let reply = try served.ask("Host.old.example.", .a)
    #expect(
      reply.answer.lines == [
        "old.example. 30 IN DNAME new.example.", "host.old.example. 30 IN CNAME host.new.example.",
        "host.new.example. 5 IN A 10.0.0.1",
      ])
    #expect(reply.isAuthoritative)
    #expect(reply.code == .noError)
  }

  @Test("the owner itself is not redirected (RFC 6672 section 2.3)")
  func owner() throws {
    #expect(try served.ask("old.example.", .txt).answer.values == ["\"beside the DNAME\""])
    let own = try served.ask("old.example.", .dname)
    #expect(own.answer == "old.example. 30 IN DNAME new.example.")
    let noData = try served.ask("old.example.", .a)
    #expect(noData.code == .noError)
    #expect(noData.authority == Self.soa)
  }

  @Test("what stands below in the zone file is never an answer (RFC 6672 section 2.4)")
  func occluded() throws {
    let reply = try served.ask("below.old.example.", .a)
    #expect(
      reply.answer
        == """
        old.example. 30 IN DNAME new.example.
        below.old.example. 30 IN CNAME below.new.example.
        """)
    #expect(reply.code == .nameError)
    #expect(reply.authority == Self.soa)
  }

  @Test("a redirection out of our zones ends there")
  func leaving() throws {
    let reply = try served.ask("a.b.out.example.", .a)
    #expect(reply.code == .noError)
    #expect(
      reply.answer
        == """
        out.example. 40 IN DNAME elsewhere.
        a.b.out.example. 40 IN CNAME a.b.elsewhere.
        """)
    #expect(
      try served.ask("x.root.example.", .a).answer.lines.last
        == "x.root.example. 3600 IN CNAME x.")
  }

  @Test("an alias can lead to a redirection")
  func behindAlias() throws {
    #expect(
      try served.ask("alias.example.", .a).answer.lines == [
        "alias.example. 3600 IN CNAME host.old.example.", "old.example. 30 IN DNAME new.example.",
        "host.old.example. 30 IN CNAME host.new.example.", "host.new.example. 5 IN A 10.0.0.1",
      ])
  }

  @Test("a circle ends, and has each record once")
  func circle() throws {
    let reply = try served.ask("x.loop.example.", .a)
    #expect(reply.code == .noError)
    #expect(reply.answer.count == reply.answer.distinctLines.count)
    #expect(reply.answer.count == 4)
  }

  @Test("a name that grows at each step ends, and has the DNAME once")
  func growing() throws {
    let served = ZoneUnderTest(
      "e.", "@ SOA ns h 1 2 3 4 5\n@ NS ns.elsewhere.\nd DNAME x.d.e.")
    let reply = try served.ask("a.d.e.", .a, over: .tcp)
    #expect(reply.answer.count == reply.answer.distinctLines.count)
    #expect(reply.answer.lines.first == "d.e. 3600 IN DNAME x.d.e.")
    #expect(reply.answer.lines.dropFirst().allSatisfy { $0.contains(" CNAME ") })
    #expect(!reply.isTruncated)
  }

  @Test("a question for the DNAME that led back to its owner has it once")
  func dnameAsked() throws {
    let served = ZoneUnderTest("e.", "@ SOA ns h 1 2 3 4 5\n@ NS ns.elsewhere.\na.b DNAME b")
    let reply = try served.ask("a.a.b.e.", .dname)
    #expect(reply.answer == "a.b.e. 3600 IN DNAME b.e.\na.a.b.e. 3600 IN CNAME a.b.e.")
  }

  @Test("a target of 255 octets is taken, of 256 is YXDOMAIN with the DNAME (RFC 6672 section 2.2)")
  func tooLong() throws {
    let target = String(repeating: "abcdefghi.", count: 20)
    let served = ZoneUnderTest(
      "e.", "@ SOA ns h 1 2 3 4 5\n@ NS ns.elsewhere.\nd DNAME \(target)")
    // The target has 201 octets: 54 are left for the labels before it.
    let fitting = String(repeating: "x", count: 53) + ".d.e."
    let whole = try served.ask(fitting, .a)
    #expect(whole.code == .noError)
    #expect(whole.answer.count == 2)
    let long = String(repeating: "x", count: 54) + ".d.e."
    let reply = try served.ask(long, .a)
    #expect(reply.code == .yxDomain)
    #expect(reply.isAuthoritative)
    #expect(reply.answer == RecordSection("d.e. 3600 IN DNAME \(target)"))
  }

  @Test("the apex can be redirected, its own records stay (RFC 6672 section 2.3)")
  func apex() throws {
    let served = ZoneUnderTest(
      "e.", "@ SOA ns h 1 2 3 4 5\n@ NS ns.elsewhere.\n@ DNAME other.\n@ A 10.0.0.1")
    #expect(try served.ask("e.", .a).answer.values == ["10.0.0.1"])
    #expect(try served.ask("x.e.", .a).answer.lines.last == "x.e. 3600 IN CNAME x.other.")
    #expect(try served.ask("e.", .ns).isAuthoritative)
  }

  @Test("a redirection comes before a wildcard below or beside it")
  func wildcardBeside() throws {
    let served = ZoneUnderTest(
      "e.",
      """
      @ SOA ns h 1 2 3 4 5
      @ NS ns.elsewhere.
      * A 10.0.0.1
      d DNAME other.
      *.d A 10.0.0.2
      """)
    #expect(try served.ask("x.d.e.", .a).answer.lines.last == "x.d.e. 3600 IN CNAME x.other.")
    #expect(try served.ask("x.e.", .a).answer.values == ["10.0.0.1"])
  }
}
