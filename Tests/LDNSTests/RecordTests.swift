// How the text of one record becomes a value.

import DNSWire
import Testing

@testable import LDNS

@Suite("Records of a master file (RFC 1035 section 5)")
struct RecordTests {
  @Test func `a record has its owner, type, TTL and uncompressed RDATA`() throws {
    let record = try #require(try records("www 60 IN MX 10 mail\n").first)
    #expect(record.owner.wire == Array("\u{3}www\u{7}example\u{3}org\u{0}".utf8))
    #expect(record.type == .mx)
    #expect(record.ttl == 60)
    #expect(record.rdata == [0, 10] + Array("\u{4}mail\u{7}example\u{3}org\u{0}".utf8))
  }

  @Test func `the case of names is kept in owners and RDATA`() throws {
    let record = try #require(try records("WwW NS Ns.Example.ORG.\n").first)
    #expect(record.owner.wire == Array("\u{3}WwW\u{7}example\u{3}org\u{0}".utf8))
    #expect(record.rdata == Array("\u{2}Ns\u{7}Example\u{3}ORG\u{0}".utf8))
  }

  @Test(
    "TTL and class stand in either order, or not at all",
    arguments: [
      ("w A 192.0.2.1", 300), ("w IN A 192.0.2.1", 300), ("w 60 A 192.0.2.1", 60),
      ("w 60 IN A 192.0.2.1", 60), ("w IN 60 A 192.0.2.1", 60), ("w in 1m a 192.0.2.1", 60),
      ("w CLASS1 1h30m5s A 192.0.2.1", 5405), ("w 0 A 192.0.2.1", 0), ("w 2d A 192.0.2.1", 172_800),
      ("w 2147483647 A 192.0.2.1", 2_147_483_647), ("w TYPE1 192.0.2.1", 300),
    ] as [(String, UInt32)])
  func ttlAndClass(text: String, ttl: UInt32) throws {
    let record = try #require(try records(text + "\n").first)
    #expect(record.type == .a)
    #expect(record.ttl == ttl)
    #expect(record.rdata == [192, 0, 2, 1])
  }

  @Test func `a line that begins blank has the owner of the record before`() throws {
    let owners = try records("a A 192.0.2.1\n  A 192.0.2.2\n\n\tTXT x\n@ A 192.0.2.3\n A 192.0.2.4")
      .map(\.owner.description)
    #expect(
      owners == [
        "a.example.org.", "a.example.org.", "a.example.org.", "example.org.", "example.org.",
      ])
  }

  @Test func `without a TTL and before any $TTL a record has 3600 seconds, not the SOA's minimum`()
    throws
  {
    let text = "@ SOA ns h 1 2 3 4 55\n NS ns\nns 7 A 192.0.2.1\nx A 192.0.2.2\n"
    #expect(try read(text).records.map(\.ttl) == [3600, 3600, 7, 3600])
    #expect(ZoneFile.defaultTTL == 3600)
  }

  @Test func `the $TTL holds from its line on, also when it is 0`() throws {
    let ttls = try records("a A 192.0.2.1\n$TTL 0\nb A 192.0.2.1\n$ttl 1h\nc A 192.0.2.1\n")
      .map(\.ttl)
    #expect(ttls == [300, 0, 3600])
  }

  @Test func `an $ORIGIN is relative to the one before and holds for owners and RDATA`() throws {
    let records = try records("$ORIGIN b\na CNAME t\n$ORIGIN c\na CNAME t\n$ORIGIN x.org.\n")
    #expect(records.map(\.owner.description) == ["a.b.example.org.", "a.c.b.example.org."])
    #expect(
      try records.map { try DomainName(wire: $0.rdata).description }
        == ["t.b.example.org.", "t.c.b.example.org."])
  }

  @Test(
    "escapes in names are octets of the label",
    arguments: [
      (#"a\.b A 192.0.2.1"#, "\u{3}a.b"), (#"a\046b A 192.0.2.1"#, "\u{3}a.b"),
      (#"a\;b A 192.0.2.1"#, "\u{3}a;b"), (#"a\(b A 192.0.2.1"#, "\u{3}a(b"),
      (#"a\ b A 192.0.2.1"#, "\u{3}a b"), (#"\@ A 192.0.2.1"#, "\u{1}@"),
      (##"\# A 192.0.2.1"##, "\u{1}#"), (#"\$TTL A 192.0.2.1"#, "\u{4}$TTL"),
      (#"a\\ A 192.0.2.1"#, "\u{2}a\\"), (#"a\"b A 192.0.2.1"#, "\u{3}a\"b"),
      (#"\000\127 A 192.0.2.1"#, "\u{2}\u{0}\u{7F}"), ("` A 192.0.2.1", "\u{1}`"),
      ("ü A 192.0.2.1", "\u{2}ü"),
    ])
  func escapes(text: String, label: String) throws {
    let record = try #require(try records(text + "\n").first)
    #expect(record.owner.wire == Array("\(label)\u{7}example\u{3}org\u{0}".utf8))
  }

  @Test func `an owner of 255 octets is read however long its text, one of 256 is refused`() throws
  {
    let label = String(repeating: #"\097"#, count: 63)
    // 3 * 64 + 50 + 13 for "example.org." = 255.
    let owner = "\(label).\(label).\(label)." + String(repeating: #"\097"#, count: 49)
    #expect(try records("\(owner) A 192.0.2.1").first?.owner.wire.count == 255)
    #expect(try refusal(zoneHead + owner + "a A 192.0.2.1").hasSuffix("longer than 255 octets"))
  }

  @Test func `a name in RDATA of 255 octets is read, one of 256 is refused`() throws {
    let label = String(repeating: "a", count: 63)
    let name = "\(label).\(label).\(label)." + String(repeating: "a", count: 49)
    #expect(try records("x NS \(name)").first?.rdata.count == 255)
    #expect(
      try refusal(zoneHead + "x NS \(name)a")
        == "example.org.zone:4: a name in RDATA: the name is longer than 255 octets")
  }

  @Test(
    "strings keep what is in quotes, empty strings too",
    arguments: [
      (#""a b" c"#, ["a b", "c"]), (#""a""b""#, ["a", "b"]), (#""" "x" """#, ["", "x", ""]),
      (#""a;(b)" c;comment"#, ["a;(b)", "c"]), (#""a\"b\\" "c\;""#, [#"a"b\"#, "c;"]),
      (#""\065\t""#, ["At"]), ("\"tab\there\"", ["tab\there"]), (#"a\"b"#, [#"a"b"#]),
      (#""ü""#, ["ü"]), (##""\# 1 00""##, ["# 1 00"]), (#""a\032""#, ["a "]),
      ("|# 1 00", ["|#", "1", "00"]),
    ])
  func strings(text: String, strings: [String]) throws {
    let record = try #require(try records("x TXT \(text)\n").first)
    #expect(record.rdata == strings.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) })
  }

  @Test func `parentheses join lines, with comments and blank lines between`() throws {
    let text = """
      a TXT ( one ; the first )
        two

        "three" ) four
      b A ( 192.0.2.1 )
      ( c A
      192.0.2.2 )
      """
    let records = try records(text)
    #expect(
      records.map(\.rdata) == [
        Array("\u{3}one\u{3}two\u{5}three\u{4}four".utf8), [192, 0, 2, 1], [192, 0, 2, 2],
      ])
    #expect(records.map(\.owner.description.first) == ["a", "b", "c"])
  }

  @Test func `carriage returns before line ends and a missing last line end do no harm`() throws {
    let text = (zoneHead + "a A 192.0.2.1\n b TXT\n").replacing("\n", with: "\r\n")
    #expect(try refusal(text) == "example.org.zone:5: the type b is not known")
    #expect(try read(zoneHead.replacing("\n", with: "\r\n") + "a A 192.0.2.1").records.count == 3)
  }

  @Test(
    "any type can be written by number and octets (RFC 3597)",
    arguments: [
      (##"TYPE65280 \# 4 0A000001"##, 65280, [10, 0, 0, 1]),
      (##"TYPE65280 \# 4 0a00 00 01"##, 65280, [10, 0, 0, 1]),
      (##"TYPE65280 ( \# 2 0a ; half"## + "\n 00 )", 65280, [10, 0]),
      (##"TYPE65280 \# 0"##, 65280, []), (##"TYPE65535 \# 1 FF"##, 65535, [255]),
      (##"A \# 4 0A000001"##, 1, [10, 0, 0, 1]), (##"TYPE1 \# 4 0A000001"##, 1, [10, 0, 0, 1]),
      (##"NS \# 3 014100"##, 2, [1, 0x41, 0]), (##"NULL \# 1 2a"##, 10, [42]),
    ] as [(String, UInt16, [UInt8])])
  func generic(text: String, type: UInt16, rdata: [UInt8]) throws {
    let record = try #require(try records("x \(text)\n").first)
    #expect(record.type.rawValue == type)
    #expect(record.rdata == rdata)
  }

  @Test(
    "types beyond RFC 1035 are read by libldns",
    arguments: [
      ("SRV 1 2 65535 t", 33, [0, 1, 0, 2, 255, 255, 1, 0x74] + origin),
      ("AAAA 2001:db8::1", 28, [0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
      (#"CAA 0 issue "x""#, 257, [0, 5, 0x69, 0x73, 0x73, 0x75, 0x65, 0x78]),
      (#"SVCB 1 . alpn="h2,h3" port=53"#, 64, [0, 1, 0] + svcParams),
      ("DS 1 RSASHA256 2 aabb cc", 43, [0, 1, 8, 2, 0xAA, 0xBB, 0xCC]),
      ("APL", 42, []), ("APL 1:10.0.0.0/8", 42, [0, 1, 8, 1, 10]),
    ] as [(String, UInt16, [UInt8])])
  func laterTypes(text: String, type: UInt16, rdata: [UInt8]) throws {
    let record = try #require(try records("x \(text)\n").first)
    #expect(record.type.rawValue == type)
    #expect(record.rdata == rdata)
  }

  private static let origin = Array("\u{7}example\u{3}org\u{0}".utf8)
  private static let svcParams: [UInt8] = [
    0, 1, 0, 6, 2, 0x68, 0x32, 2, 0x68, 0x33, 0, 3, 0, 2, 0, 53,
  ]
}
