// Addresses that come along: those of targets.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Additional data (RFC 1035 section 3.3, RFC 2782)")
struct AdditionalDataTests {
  static let head = "@ SOA ns hostmaster 1 7200 900 1209600 60\n@ NS ns.elsewhere.\n"

  @Test("MX, SRV, NS and HTTPS bring the addresses of targets in our zones")
  func staticTargets() throws {
    let served = ZoneUnderTest(
      "example.",
      Self.head + """
        m MX 10 host
        m MX 20 host.elsewhere.
        _s._tcp SRV 0 0 80 host
        _s._tcp SRV 0 0 81 host
        n.x NS host
        h TYPE65 \\# 16 0001 04686f7374076578616d706c6500
        host 5 A 10.0.0.1
        host 6 AAAA fd00::1
        """)
    let addresses: RecordSection =
      "host.example. 5 IN A 10.0.0.1\nhost.example. 6 IN AAAA fd00::1"
    #expect(try served.ask("m.example.", .mx).additional == addresses)
    #expect(try served.ask("_s._tcp.example.", .srv).additional == addresses)
    #expect(try served.ask("h.example.", .https).additional == addresses)
    #expect(try served.ask("n.x.example.", .ns).additional == addresses)
  }

  @Test("a target that a wildcard matches brings the wildcard's addresses as its own")
  func wildcardTarget() throws {
    let served = ZoneUnderTest(
      "example.", Self.head + "m MX 10 x.wild\n*.wild A 10.0.0.2\n*.wild TXT \"t\"")
    #expect(
      try served.ask("m.example.", .mx).additional == "x.wild.example. 3600 IN A 10.0.0.2")
  }

  @Test("HTTPS brings its target's HTTPS records too; the root means the owner (RFC 9460 4.1)")
  func serviceBindings() throws {
    let served = ZoneUnderTest(
      "example.",
      Self.head + """
        alias HTTPS 0 host
        host HTTPS 1 .
        host A 10.0.0.1
        self HTTPS 1 self.example.
        self A 10.0.0.3
        none HTTPS 0 .
        none A 10.0.0.2
        *.wild HTTPS 1 .
        *.wild A 10.0.0.4
        """)
    #expect(
      try served.ask("alias.example.", .https).additional.lines.count == 2)
    #expect(
      try served.ask("alias.example.", .https).additional.records.map(\.type) == [.https, .a])
    #expect(
      try served.ask("host.example.", .https).additional == "host.example. 3600 IN A 10.0.0.1")
    #expect(
      try served.ask("self.example.", .https).additional == "self.example. 3600 IN A 10.0.0.3")
    #expect(try served.ask("none.example.", .https).additional.isEmpty)
    #expect(
      try served.ask("x.wild.example.", .https).additional
        == "x.wild.example. 3600 IN A 10.0.0.4")
  }

  @Test("a target that is named twice brings its addresses once, in whatever case")
  func repeatedTargets() throws {
    let served = ZoneUnderTest(
      "example.",
      Self.head + """
        m MX 1 host
        m MX 2 HOST
        t TYPE65 \\# 20 0001 04686f7374076578616d706c6500 00010000
        t TYPE65 \\# 20 0002 04686f7374076578616d706c6500 00010001
        o HTTPS 1 .
        o HTTPS 2 o
        o A 10.0.0.3
        host A 10.0.0.1
        """)
    for (name, type) in [("m", RecordType.mx), ("t", .https), ("o", .https)] {
      let reply = try served.ask("\(name).example.", type)
      #expect(reply.answer.count == 2)
      #expect(reply.additional.count == 1, "\(name): \(reply.additional)")
    }
  }

  @Test("a target that is an alias or nowhere brings nothing")
  func noTargets() throws {
    let served = ZoneUnderTest(
      "example.",
      Self.head + """
        m MX 10 alias
        m MX 30 none
        m MX 40 .
        alias CNAME host
        host A 10.0.0.1
        """)
    let reply = try served.ask("m.example.", .mx)
    #expect(reply.answer.count == 3)
    #expect(reply.additional.isEmpty)
  }

  @Test("SRV records of instances bring their addresses in the order of the answer")
  func instanceTargets() throws {
    let served = ZoneUnderTest("example.", Self.head)
    served.zone.publish(
      [
        ServedInstance("i1.web.example.", ["10.0.0.1", "fd00::1", "10.1.0.1"]),
        ServedInstance("i2.web.example.", []),
        ServedInstance("i3.web.example.", ["fd00::3"]),
      ], at: "web.example.")
    let reply = try served.ask("web.example.", .srv)
    #expect(
      reply.answer.lines == [
        "web.example. 5 IN SRV 0 1 8080 i1.web.example.",
        "web.example. 5 IN SRV 0 1 8080 i2.web.example.",
        "web.example. 5 IN SRV 0 1 8080 i3.web.example.",
      ])
    #expect(
      reply.additional.lines == [
        "i1.web.example. 5 IN A 10.0.0.1", "i1.web.example. 5 IN A 10.1.0.1",
        "i1.web.example. 5 IN AAAA fd00::1", "i3.web.example. 5 IN AAAA fd00::3",
      ])
    let second = try served.ask("web.example.", .srv)
    #expect(second.answer.values.first == "0 1 8080 i2.web.example.")
    #expect(second.additional.lines.first == "i3.web.example. 5 IN AAAA fd00::3")
    #expect(second.additional == reply.additional)
    #expect(try served.ask("web.example.", .srv, over: .tcp).additional == reply.additional)
  }

  @Test("an address that moves from one target to the next moves in the additional section")
  func movedAddress() throws {
    let served = ZoneUnderTest("example.", Self.head)
    let before = served.zone.publish(
      [
        ServedInstance("i1.web.example.", ["10.0.0.1"]),
        ServedInstance("i2.web.example.", ["10.0.0.2", "10.0.0.3"]),
      ], at: "web.example.")
    served.zone.publish(
      [
        ServedInstance("i1.web.example.", ["10.0.0.1", "10.0.0.2"]),
        ServedInstance("i2.web.example.", ["10.0.0.3"]),
      ], at: "web.example.", insteadOf: before)
    #expect(
      try served.ask("web.example.", .srv).additional
        == """
        i1.web.example. 5 IN A 10.0.0.1
        i1.web.example. 5 IN A 10.0.0.2
        i2.web.example. 5 IN A 10.0.0.3
        """)
  }

  @Test("additional data is left out by whole RRsets and in silence (RFC 2181 section 9)")
  func wholeRRsets() throws {
    let served = ZoneUnderTest("example.", Self.head)
    let instances = (0..<8).map { number in
      ServedInstance(
        "i\(number).web.example.",
        ["10.0.\(number).1", "10.0.\(number).2", "fd00::\(number)", "fd01::\(number)"])
    }
    served.zone.publish(instances, at: "web.example.")
    let whole = try served.ask("web.example.", .srv, over: .tcp)
    #expect(whole.additional.count == 32)
    for size in UInt16(512)...1232 {
      let reply = try served.ask("web.example.", .srv, over: .edns(size))
      #expect(reply.length <= Int(size))
      #expect(!reply.isTruncated)
      #expect(reply.answer.count == 8)
      for instance in instances {
        for type in [RecordType.a, .aaaa] {
          let count = reply.additional.records.filter {
            $0.type == type && $0.owner == ZoneUnderTest.name(instance.name)
          }.count
          #expect(count == 0 || count == 2)
        }
      }
    }
  }

  @Test("in the general path too, additional data is left out by whole RRsets")
  func wholeStaticRRsets() throws {
    let hosts = (0..<8).map { number in
      """
      m MX \(number) h\(number)
      h\(number) A 10.0.\(number).1
      h\(number) A 10.0.\(number).2
      h\(number) AAAA fd00::\(number)
      h\(number) AAAA fd01::\(number)
      """
    }
    let served = ZoneUnderTest("example.", Self.head + hosts.joined(separator: "\n"))
    for size in UInt16(512)...900 {
      let reply = try served.ask("m.example.", .mx, over: .edns(size))
      #expect(reply.length <= Int(size))
      #expect(!reply.isTruncated)
      for number in 0..<8 {
        let owner = ZoneUnderTest.name("h\(number).example.")
        for type in [RecordType.a, .aaaa] {
          let count = reply.additional.records.filter { $0.owner == owner && $0.type == type }.count
          #expect(count == 0 || count == 2)
        }
      }
    }
  }

  @Test("over TCP, targets beyond the reach of a pointer stay readable (RFC 1035 section 4.1.4)")
  func farTargets() throws {
    let served = ZoneUnderTest("example.", Self.head)
    let label = String(repeating: "t", count: 50)
    served.zone.publish(
      (0..<600).map {
        ServedInstance("\(label)\($0).web.example.", ["10.0.\($0 / 256).\($0 % 256)"])
      }, at: "web.example.")
    let reply = try served.ask("web.example.", .srv, over: .tcp)
    #expect(!reply.isTruncated)
    #expect(reply.answer.count == 600)
    #expect(reply.length > 0x4000)
    let owners = Set(reply.answer.records.map { Array($0.rdata[6...]) })
    #expect(!reply.additional.isEmpty)
    #expect(reply.additional.records.allSatisfy { owners.contains($0.owner.wire) })
  }
}
