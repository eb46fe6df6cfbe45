// What a zone file is refused for, with its line.

import DNSWire
import Testing

@testable import LDNS

@Suite("Refused zone files")
struct RefusalTests {
  @Test(
    "a record that is wrong is refused with its line",
    arguments: [
      ("x A 192.0.2.1 5", "Syntax error, superfluous text present"),
      ("x A 192.0.2", "Syntax error, could not parse the RR's rdata"),
      ("x MX 10", "Syntax error, value expected"),
      ("x A", "the record has no RDATA"), ("x", "the record has no type"),
      ("x 60 IN", "the record has no type"), ("x FOO bar", "the type FOO is not known"),
      (##"x FOO \# 1 00"##, "the type FOO is not known"),
      (##"x TYPE65536 \# 1 00"##, "the type TYPE65536 is not known"),
      (##"x TYPE1x \# 4 0A000001"##, "the type TYPE1x is not known"),
      (##"x TYPE0 \# 1 00"##, "the type TYPE0 is not known"),
      (##"x ANY \# 1 00"##, "the type ANY cannot stand in a zone"),
      (##"x TYPE128 \# 1 00"##, "the type TYPE128 cannot stand in a zone"),
      (##"x OPT \# 0"##, "the type OPT cannot stand in a zone"),
      ("x CH A 192.0.2.1", "the class is CH; only IN is served"),
      ("x 60 CLASS3 A 192.0.2.1", "the class is CLASS3; only IN is served"),
      ("x NONE A 192.0.2.1", "the class is NONE; only IN is served"),
      ("a..b A 192.0.2.1", "a..b: Empty label"),
      (#""x" A 192.0.2.1"#, "a domain name is quoted"),
      (#"x NS "ns""#, "a domain name is quoted"),
      ("x NS a..b", "Syntax error, could not parse the RR's rdata"),
    ])
  func wrongRecord(text: String, reason: String) throws {
    let found = try refusal(zoneHead + "\n" + text + "\ny A 192.0.2.9\n")
    #expect(found.hasPrefix("example.org.zone:5: \(reason)"), "\(found)")
  }

  @Test(
    "what libldns would misread in silence is refused",
    arguments: [
      ("x SRV 0 0 65536 t", "65536 is above 65535"), ("x MX -1 t", "-1 is not a number"),
      ("x MX +1 t", "+1 is not a number"), ("x MX 65536 t", "65536 is above 65535"),
      ("x CAA 256 issue \"x\"", "256 is above 255"),
      ("x TLSA 256 1 1 AA", "256 is above 255"),
      ("x ZONEMD 4294967296 1 1 AA", "4294967296 is above 4294967295"),
      ("x NS @.foo.", "a name in RDATA begins with the label @, which libldns cannot read"),
      (#"x NS \@"#, "a name in RDATA begins with the label @, which libldns cannot read"),
      (##"x MX 10 \# 2 0161"##, ##"\# is not the first of RDATA"##),
      (##"x A \# 0"##, "RDATA is not that of type A"),
      (##"x A \# 5 0A00000102"##, "RDATA is not that of type A"),
      (##"x SRV \# 4 00010002"##, "RDATA is not that of type SRV"),
      (##"x TYPE65280 \# 2 0AZZ"##, "0AZZ is not hexadecimal"),
      (##"x TYPE65280 \# 2 0A"##, ##"\# 2 is not followed by 4 hexadecimal digits"##),
      (##"x TYPE65280 \# 2 0A0B0C"##, ##"\# 2 is not followed by 4 hexadecimal digits"##),
      (##"x TYPE65280 \# 65536 0A"##, ##"\# is not followed by a length up to 65535"##),
      (##"x TYPE65280 \#"##, ##"\# is not followed by a length up to 65535"##),
      ("x TYPE65280", "the record has no RDATA"),
      ("x DS 1 8 2 aabb c", "there is an odd number of hexadecimal digits"),
      ("x NSEC y A FOO", "the type FOO is not known"),
      (
        "x IPSECKEY 10 3 2 gw AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",
        "the gateway gw does not end with a dot"
      ),
    ])
  func misread(text: String, reason: String) throws {
    #expect(try refusal(zoneHead + text) == "example.org.zone:4: \(reason)")
  }

  @Test func `a serial of more than 32 bits is refused`() throws {
    #expect(
      try refusal("@ SOA ns h 20260101000 1 1 1 1\n NS ns\n")
        == "example.org.zone:1: 20260101000 is above 4294967295")
  }

  @Test(
    "a TTL is a period up to 2^31 - 1 seconds",
    arguments: [
      ("x 2147483648 A 192.0.2.1", "the TTL 2147483648 is above 2147483647 seconds"),
      ("x 3551w A 192.0.2.1", "the TTL 3551w is above 2147483647 seconds"),
      (
        "x 99999999999999999999999w A 192.0.2.1",
        "the TTL 99999999999999999999999w is above 2147483647 seconds"
      ),
      ("$TTL 2147483648", "the TTL 2147483648 is above 2147483647 seconds"),
      ("x 1y A 192.0.2.1", "1y is not a TTL"), ("$TTL -1", "-1 is not a TTL"),
      ("$TTL m", "m is not a TTL"),
    ])
  func ttl(text: String, reason: String) throws {
    #expect(try refusal(zoneHead + text) == "example.org.zone:4: \(reason)")
  }

  @Test(
    "an entry that is not well formed is refused with the line where it begins",
    arguments: [
      ("x TXT ( a\n b\n", 4, "a parenthesis is not closed"),
      ("\n\nx TXT a )\n", 6, "a parenthesis is closed that was not opened"),
      ("x TXT ( a\n \"b\n c\" )\n", 4, "a quote is not closed on its line"),
      ("x TXT \"a", 4, "a quote is not closed on its line"),
      ("x TXT a\\\n", 4, "a backslash ends the line"),
      ("x TXT a\\", 4, "a backslash ends the line"),
      ("x TXT \\25\n", 4, "a backslash is followed by a digit, but not by three up to 255"),
      ("x TXT \\256\n", 4, "a backslash is followed by a digit, but not by three up to 255"),
      ("x TXT a\u{0}b\n", 4, "there is a NUL octet"),
    ])
  func notWellFormed(text: String, line: Int, reason: String) throws {
    #expect(try refusal(zoneHead + text) == "example.org.zone:\(line): \(reason)")
  }

  @Test func `the line is right after blank lines, comments and records that span lines`() throws {
    let text = """
      ; four

      a TXT ( six ; and
        ; comments

        "nine" )

      b A 192.0.2.1 ; eleven


      c TXT (
        x )
      d A (
        1.2.3 )
      """
    #expect(
      try refusal(zoneHead + text)
        == "example.org.zone:16: Syntax error, could not parse the RR's rdata")
  }

  @Test(
    "a directive that is wrong is refused",
    arguments: [
      ("$GENERATE 1-2 a A 192.0.2.$", "the directive $GENERATE is not known"),
      ("$ORIGIN", "$ORIGIN says nothing"), ("$ORIGIN a b", "$ORIGIN says too much"),
      ("$ORIGIN a..b", "a..b: Empty label"), ("$TTL 1 2", "$TTL says too much"),
      ("$INCLUDE", "$INCLUDE says nothing"), ("$INCLUDE a b c", "$INCLUDE says too much"),
      ("$ TTL", "the directive $ is not known"),
    ])
  func directive(text: String, reason: String) throws {
    #expect(try refusal(zoneHead + text).hasPrefix("example.org.zone:4: \(reason)"))
  }

  @Test func `an entry is at most as long as libldns reads`() throws {
    // 258 strings of 252 octets and a space each, "x TXT " before them.
    let strings = String(repeating: String(repeating: "a", count: 252) + " ", count: 258)
    let short = String(repeating: "b", count: MasterFileEntry.lengthLimit - 6 - strings.count)
    let record = try #require(try records("x TXT " + strings + short).first)
    #expect(record.rdata.count == 258 * 253 + 1 + short.count)
    #expect(
      try refusal(zoneHead + "x TXT " + strings + short + "b")
        == "example.org.zone:4: the entry is longer than 65533 octets")
  }

  @Test func `a file that is missing, a directory or a FIFO is refused with the reason`() throws {
    let fixture = try ZoneFixture()
    let path = fixture.path("example.org.zone")
    #expect(throws: ZoneFileError(file: path, line: nil, reason: missing)) {
      try ZoneFile.read(path: path, origin: .root)
    }
    try fixture.makeDirectory("example.org.zone")
    #expect(throws: ZoneFileError(file: path, line: nil, reason: notRegular)) {
      try ZoneFile.read(path: path, origin: .root)
    }
    try fixture.makeFIFO("fifo.zone")
    let fifo = fixture.path("fifo.zone")
    #expect(throws: ZoneFileError(file: fifo, line: nil, reason: notRegular)) {
      try ZoneFile.read(path: fifo, origin: .root)
    }
    let nowhere = fixture.path("none/example.org.zone")
    #expect(throws: ZoneFileError(file: nowhere, line: nil, reason: missing)) {
      try ZoneFile.read(path: nowhere, origin: .root)
    }
  }

  private let missing = "cannot be read: No such file or directory"
  private let notRegular = "cannot be read: it is not a regular file"

  @Test func `the octets of a zone are limited, those of included files with them`() throws {
    let fixture = try ZoneFixture()
    let include = "a A 192.0.2.1\n"
    let text = zoneHead + "$INCLUDE a.inc\n"
    try fixture.write("a.inc", include)
    try fixture.write("example.org.zone", text)
    let path = fixture.path("example.org.zone")
    let length = text.utf8.count + include.utf8.count
    let origin = try DomainName("example.org.")
    #expect(
      try ZoneFile.read(path: path, origin: origin, octetLimit: length).records.count == 3)
    #expect(throws: ZoneFileError.self) {
      try ZoneFile.read(path: path, origin: origin, octetLimit: length - 1)
    }
    #expect(throws: ZoneFileError.self) {
      try ZoneFile.read(path: path, origin: origin, octetLimit: text.utf8.count - 1)
    }
  }
}
