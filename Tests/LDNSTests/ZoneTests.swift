// The rules for a zone as a whole.

import DNSWire
import Testing

@testable import LDNS

@Suite("A zone as a whole")
struct ZoneTests {
  @Test func `the owner of the SOA is the apex, whatever the origin`() throws {
    let zone = try read("Sub SOA ns h 1 2 3 4 5\nSub NS ns\n")
    #expect(zone.apex.description == "Sub.example.org.")
    #expect(zone.warnings.isEmpty)
  }

  @Test(
    "a zone has exactly one SOA",
    arguments: [
      ("@ NS ns\n", "example.org.zone: there is no SOA"), ("", "example.org.zone: there is no SOA"),
      (zoneHead + "@ SOA ns h 2 2 3 4 5\n", "example.org.zone:4: there is a second SOA record"),
      (
        zoneHead + "sub SOA ns h 2 2 3 4 5\n", "example.org.zone:4: there is a second SOA record"
      ),
      (
        zoneHead + "@ SOA ns hostmaster 1 3600 900 604800 300\n",
        "example.org.zone:4: there is a second SOA record"
      ),
    ])
  func soa(text: String, reason: String) throws {
    #expect(try refusal(text) == reason)
  }

  @Test func `a zone has an NS record at its apex`() throws {
    #expect(
      try refusal("\n@ SOA ns h 1 2 3 4 5\nsub NS ns\n")
        == "example.org.zone:2: the zone example.org. has no NS record at its apex")
  }

  @Test(
    "owners outside the zone are refused",
    arguments: ["org.", "xexample.org.", "www.example.com."])
  func outside(owner: String) throws {
    #expect(
      try refusal(zoneHead + "a A 192.0.2.1\n\(owner) A 192.0.2.1\n")
        == "example.org.zone:5: \(owner) is outside the zone example.org.")
  }

  @Test func `owners are inside the zone in any case of letters`() throws {
    #expect(try records("WWW.EXAMPLE.ORG. A 192.0.2.1").count == 1)
  }

  @Test(
    "a CNAME has no other data beside it",
    arguments: [
      ("x CNAME t\nx A 192.0.2.1\n", 5), ("x A 192.0.2.1\nX CNAME t\n", 5),
      ("y A 192.0.2.1\nx CNAME t\nx DNAME t\n", 6), ("@ CNAME t\n", 4),
    ])
  func cname(text: String, line: Int) throws {
    let found = try refusal(zoneHead + text)
    #expect(
      found.hasPrefix("example.org.zone:\(line): there is a CNAME record beside other data at"))
  }

  @Test func `a CNAME may have its signature and NSEC record beside it`() throws {
    let text = """
      x CNAME t
      x NSEC y CNAME RRSIG NSEC
      x RRSIG CNAME 8 3 300 20300101000000 20200101000000 1 example.org. AAAA
      """
    #expect(try records(text).map(\.type) == [.cname, .nsec, .rrsig])
  }

  @Test(
    "one CNAME and one DNAME at an owner",
    arguments: [
      ("x CNAME t\n\nX CNAME u\n", "example.org.zone:6: there is a second CNAME record at "),
      ("x DNAME t\nx DNAME u\n", "example.org.zone:5: there is a second DNAME record at "),
    ])
  func aliases(text: String, reason: String) throws {
    #expect(try refusal(zoneHead + text).lowercased().hasPrefix(reason.lowercased()))
  }

  @Test func `a record that is there twice is kept once, names compared in any case`() throws {
    let text = """
      x A 192.0.2.1
      X A 192.0.2.1
      y CNAME T
      y CNAME t
      z TXT a
      z TXT A
      """
    let records = try records(text)
    #expect(records.map(\.type) == [.a, .cname, .txt, .txt])
    #expect(records[1].rdata.starts(with: Array("\u{1}T".utf8)))
  }

  @Test func `an RRset has the lowest of its TTLs, with a warning at the first that differs`()
    throws
  {
    let text = """
      x 300 A 192.0.2.1
      x 300 A 192.0.2.2
      x 60 A 192.0.2.3
      x 900 A 192.0.2.4
      x 20 AAAA 2001:db8::1
      y 90 A 192.0.2.1
      """
    let zone = try read(zoneHead + text)
    #expect(zone.records.dropFirst(2).map(\.ttl) == [60, 60, 60, 60, 20, 90])
    let warning = try #require(zone.warnings.first)
    #expect(zone.warnings.count == 1)
    #expect(warning.line == 6)
    #expect(warning.file == zone.path)
    #expect(
      warning.text == "the TTLs of x.example.org. A differ; the lowest is used, 60 seconds")
  }

  @Test func `an RRset that no message holds is told of at the record that is too much`() throws {
    // 16 octets each: header, question of 259 octets and OPT leave room for 4,078.
    for (count, line) in [(4_078, nil), (4_079, 4_082), (4_200, 4_082)] {
      let text = (0..<count).map { "x 60 A 10.0.\($0 / 256).\($0 % 256)\n" }.joined()
      let zone = try read(zoneHead + text)
      #expect(zone.warnings.map(\.line) == [line].compactMap(\.self))
      #expect(zone.records.count == count + 2)
    }
  }

  @Test func `signatures of different types keep their TTLs`() throws {
    let signature = "8 3 300 20300101000000 20200101000000 1 example.org. AAAA"
    let text = "x 30 A 192.0.2.1\nx 30 RRSIG A \(signature)\nx 60 RRSIG TXT \(signature)\n"
    let zone = try read(zoneHead + text)
    #expect(zone.records.suffix(3).map(\.ttl) == [30, 30, 60])
    #expect(zone.warnings.isEmpty)
  }
}
