// Parent and child zone both served here, and zones that could not be read.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Nested zones (RFC 1034 section 4.3.2 step 2)")
struct NestedZoneTests {
  let served = ZoneUnderTest([
    (
      "example.",
      """
      @ SOA ns.example. h.example. 1 2 3 4 5
      @ NS ns.elsewhere.
      child NS ns.child
      child TYPE43 \\# 5 0001020304
      ns.child A 192.0.2.66
      www.child A 192.0.2.67
      * A 192.0.2.1
      point MX 10 www.child
      """
    ),
    (
      "child.example.",
      """
      @ SOA ns.child.example. h.child.example. 2 2 3 4 6
      @ NS ns
      ns A 192.0.2.53
      www A 10.0.0.1
      """
    ),
    (
      "odd.example.",
      """
      @ SOA ns.odd.example. h.odd.example. 3 2 3 4 7
      @ NS ns
      @ TYPE43 \\# 5 0909090909
      """
    ),
  ])

  @Test("names in the child are answered from the child")
  func child() throws {
    #expect(try served.ask("www.child.example.", .a).answer.values == ["10.0.0.1"])
    #expect(try served.ask("www.child.example.", .a).isAuthoritative)
    #expect(try served.ask("child.example.", .ns).isAuthoritative)
    #expect(try served.ask("child.example.", .soa).answer.count == 1)
    let none = try served.ask("none.child.example.", .a)
    #expect(none.code == .nameError)
    #expect(
      none.authority == "child.example. 6 IN SOA ns.child.example. h.child.example. 2 2 3 4 6")
  }

  @Test("DS of the child's apex is the parent's (RFC 4035 section 3.1.4.1)")
  func delegationSigner() throws {
    let reply = try served.ask("child.example.", .ds)
    #expect(reply.isAuthoritative)
    #expect(reply.answer.lines == ["child.example. 3600 IN DS \\# 5 0001020304"])
    let inside = try served.ask("www.child.example.", .ds)
    #expect(inside.authority.records.map(\.owner) == [ZoneUnderTest.name("child.example.")])
  }

  @Test("a DS record in the child itself does not hide the parent's answer")
  func misplacedDelegationSigner() throws {
    let reply = try served.ask("odd.example.", .ds)
    #expect(reply.answer.isEmpty)
    #expect(reply.authority.values == ["ns.example. h.example. 1 2 3 4 5"])
  }

  @Test("DS at the apex of a zone without a served parent is NODATA of the zone")
  func delegationSignerWithoutParent() throws {
    let reply = try served.ask("example.", .ds)
    #expect(reply.code == .noError)
    #expect(reply.authority.lines == ["example. 5 IN SOA ns.example. h.example. 1 2 3 4 5"])
  }

  @Test("additional data comes from the zone that answers, and from no other (RFC 2181 5.4.1)")
  func additional() throws {
    let reply = try served.ask("point.example.", .mx)
    #expect(reply.answer.count == 1)
    #expect(reply.additional.isEmpty)
  }

  @Test("an address in the answering zone's own file counts, though another zone has the name")
  func ownAddress() throws {
    let served = ZoneUnderTest([
      ("example.", "@ SOA ns h 1 2 3 4 5\n@ NS ns1\nns1 A 10.0.0.1"),
      ("ns1.example.", "@ SOA ns h 1 2 3 4 5\n@ NS ns.elsewhere.\n@ A 10.0.0.2"),
    ])
    #expect(try served.ask("example.", .ns).additional.values == ["10.0.0.1"])
    #expect(try served.ask("ns1.example.", .a).answer.values == ["10.0.0.2"])
  }

  @Test("a zone that could not be read is SERVFAIL with EDE 14, its neighbours answer (RFC 8914)")
  func brokenZone() throws {
    served.publish(Zone.broken(apex: ZoneUnderTest.name("child.example."), in: served.domain))
    for name in ["child.example.", "www.child.example.", "x.y.child.example."] {
      for type in [RecordType.a, .soa, .ns, .any] {
        let reply = try served.ask(name, type)
        #expect(reply.code == .serverFailure)
        #expect(!reply.isAuthoritative)
        #expect(reply.extendedError == 14)
        #expect(reply.answer.isEmpty && reply.authority.isEmpty && reply.additional.isEmpty)
      }
    }
    #expect(try served.ask("x.example.", .a).answer.values == ["192.0.2.1"])
    #expect(try served.ask("www.child.example.", .a, over: .udp).opt == nil)
  }

  @Test("a zone published again replaces the one before")
  func replacement() throws {
    let apex = ZoneUnderTest.name("child.example.")
    served.publish(Zone.broken(apex: apex, in: served.domain))
    served.publish(
      Zone(
        apex: apex,
        records: ZoneText("@ SOA a. b. 1 2 3 4 5\n@ NS a.\nnew A 10.0.0.2", origin: apex).records,
        in: served.domain))
    #expect(try served.ask("new.child.example.", .a).answer.values == ["10.0.0.2"])
    #expect(try served.ask("www.child.example.", .a).code == .nameError)
  }
}
