// CNAME: chains inside a zone, across zones, out of them, and in circles.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Aliases (RFC 1034 section 3.6.2, RFC 6604)")
struct AliasTests {
  let served = ZoneUnderTest([
    (
      "example.",
      """
      @ SOA ns hostmaster 1 7200 900 1209600 60
      @ NS ns.elsewhere.
      host 5 A 10.0.0.1
      one 10 CNAME two
      two 20 CNAME host
      across 30 CNAME three.test.
      out 40 CNAME www.elsewhere.
      dangling 50 CNAME none
      empty 55 CNAME ent
      x.ent A 10.0.0.9
      tocut CNAME www.cut
      cut 60 NS ns.cut
      ns.cut 61 A 192.0.2.1
      loop1 CNAME loop2
      loop2 CNAME loop1
      self CNAME self
      broken CNAME x.broken.
      """
    ),
    (
      "test.",
      """
      @ SOA ns.test. hostmaster.test. 2 7200 900 1209600 30
      @ NS ns.elsewhere.
      three 70 CNAME host.example.
      """
    ),
  ])
  static let soa: RecordSection =
    "example. 60 IN SOA ns.example. hostmaster.example. 1 7200 900 1209600 60"

  @Test("a chain in the zone is answered with every link, in order")
  func chain() throws {
    let reply = try served.ask("one.example.", .a)
    #expect(
      reply.answer.lines == [
        "one.example. 10 IN CNAME two.example.", "two.example. 20 IN CNAME host.example.",
        "host.example. 5 IN A 10.0.0.1",
      ])
    #expect(reply.isAuthoritative)
    #expect(reply.authority.isEmpty)
    #expect(try served.ask("ONE.example.", .a, over: .tcp).answer == reply.answer)
  }

  @Test("a question for CNAME, or ANY, is answered with the first link alone")
  func notFollowed() throws {
    for type in [RecordType.cname, .any] {
      let answer = try served.ask("one.example.", type).answer
      #expect(answer == "one.example. 10 IN CNAME two.example.")
    }
  }

  @Test("a chain goes on in another zone that we serve")
  func acrossZones() throws {
    let reply = try served.ask("across.example.", .a)
    #expect(
      reply.answer.lines == [
        "across.example. 30 IN CNAME three.test.", "three.test. 70 IN CNAME host.example.",
        "host.example. 5 IN A 10.0.0.1",
      ])
    #expect(reply.isAuthoritative)
  }

  @Test("a chain that leaves our zones ends there, NOERROR and AA (RFC 6604 section 2.1)")
  func leaving() throws {
    let reply = try served.ask("out.example.", .a)
    #expect(reply.code == .noError)
    #expect(reply.isAuthoritative)
    #expect(reply.answer == "out.example. 40 IN CNAME www.elsewhere.")
    #expect(reply.authority.isEmpty)
    #expect(reply.extendedError == nil)
  }

  @Test("the code is that of the last name, AA that of the first (RFC 6604 sections 2.1 and 3)")
  func lastName() throws {
    let dangling = try served.ask("dangling.example.", .a)
    #expect(dangling.code == .nameError)
    #expect(dangling.isAuthoritative)
    #expect(dangling.answer == "dangling.example. 50 IN CNAME none.example.")
    #expect(dangling.authority == Self.soa)
    let empty = try served.ask("empty.example.", .a)
    #expect(empty.code == .noError)
    #expect(empty.answer == "empty.example. 55 IN CNAME ent.example.")
    #expect(empty.authority == Self.soa)
    let noData = try served.ask("one.example.", .txt)
    #expect(noData.code == .noError)
    #expect(noData.answer.count == 2)
    #expect(noData.authority == Self.soa)
  }

  @Test("the SOA of a negative answer is that of the last name's zone")
  func lastZone() throws {
    let reply = try served.ask("across.example.", .txt)
    #expect(reply.answer.count == 2)
    #expect(reply.authority == Self.soa)
    let served = ZoneUnderTest([
      ("a.", "@ SOA ns. h. 1 2 3 4 5\n@ NS ns.\nx CNAME none.b."),
      ("b.", "@ SOA ns. h. 9 8 7 6 5\n@ NS ns."),
    ])
    #expect(try served.ask("x.a.", .a).authority == "b. 5 IN SOA ns. h. 9 8 7 6 5")
    #expect(try served.ask("x.a.", .a).code == .nameError)
  }

  @Test("a chain into a delegation ends with the referral, AA stays")
  func intoCut() throws {
    let reply = try served.ask("tocut.example.", .a)
    #expect(reply.code == .noError)
    #expect(reply.isAuthoritative)
    #expect(reply.answer == "tocut.example. 3600 IN CNAME www.cut.example.")
    #expect(reply.authority == "cut.example. 60 IN NS ns.cut.example.")
    #expect(reply.additional == "ns.cut.example. 61 IN A 192.0.2.1")
  }

  @Test("a circle ends, and has each record once", arguments: Transport.all)
  func circle(transport: Transport) throws {
    let reply = try served.ask("loop1.example.", .a, over: transport)
    #expect(
      reply.answer
        == """
        loop1.example. 3600 IN CNAME loop2.example.
        loop2.example. 3600 IN CNAME loop1.example.
        """)
    #expect(!reply.isTruncated)
    #expect(reply.code == .noError)
    let own = try served.ask("self.example.", .a, over: transport)
    #expect(own.answer == "self.example. 3600 IN CNAME self.example.")
  }

  @Test("a chain of sixteen aliases is followed to its end, a longer one ends early")
  func limit() throws {
    let links = (0..<20).map { "c\($0) CNAME c\($0 + 1)" }.joined(separator: "\n")
    let served = ZoneUnderTest(
      "example.",
      "@ SOA ns hostmaster 1 7200 900 1209600 60\n@ NS ns.elsewhere.\nc20 A 10.0.0.1\n" + links)
    let whole = try served.ask("c4.example.", .a)
    #expect(whole.answer.count == 17)
    #expect(whole.answer.values.last == "10.0.0.1")
    let cut = try served.ask("c3.example.", .a)
    #expect(cut.code == .noError)
    #expect(!cut.isTruncated)
    #expect(cut.answer.records.allSatisfy { $0.type == .cname })
    #expect(cut.answer.lines.first == "c3.example. 3600 IN CNAME c4.example.")
  }

  @Test("a chain into a zone that could not be read is a server failure")
  func intoBrokenZone() throws {
    served.publish(Zone.broken(apex: ZoneUnderTest.name("broken."), in: served.domain))
    let reply = try served.ask("broken.example.", .a)
    #expect(reply.code == .serverFailure)
    #expect(!reply.isAuthoritative)
  }

  @Test("a chain ends in the turn of its last RRset")
  func turns() throws {
    let served = ZoneUnderTest(
      "example.",
      """
      @ SOA ns hostmaster 1 7200 900 1209600 60
      @ NS ns.elsewhere.
      alias CNAME host
      host A 10.0.0.1
      host A 10.0.0.2
      """)
    let names = ["alias.example.", "host.example.", "alias.example.", "alias.example."]
    let lasts = try names.map { try served.ask($0, .a).answer.values.suffix(2).first }
    #expect(lasts == ["10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.2"])
  }
}

extension Transport {
  static let all: [Transport] = [.udp, .edns(1232), .tcp]
}
