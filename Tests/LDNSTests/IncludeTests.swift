// $INCLUDE: what it reads and what it refuses.

import DNSWire
import Glibc
import Testing

@testable import LDNS

@Suite("$INCLUDE (RFC 1035 section 5.1)")
struct IncludeTests {
  private let fixture: ZoneFixture

  init() throws {
    fixture = try ZoneFixture()
  }

  private func owners(_ text: String) throws -> [String] {
    try read(zoneHead + text, fixture).records.dropFirst(2).map(\.owner.description)
  }

  @Test func `records of an included file stand where the directive stands`() throws {
    try fixture.write("a.inc", "b A 192.0.2.1\n")
    #expect(
      try owners("a A 192.0.2.1\n$INCLUDE a.inc\nc A 192.0.2.1\n")
        == ["a.example.org.", "b.example.org.", "c.example.org."])
  }

  @Test func `an included file begins with the origin it is given, and leaves the old one`() throws
  {
    try fixture.write("a.inc", "a A 192.0.2.1\n$ORIGIN deep\nb A 192.0.2.1\n")
    #expect(
      try owners("$INCLUDE a.inc sub\nc A 192.0.2.1\n$INCLUDE a.inc\nd A 192.0.2.1\n")
        == [
          "a.sub.example.org.", "b.deep.sub.example.org.", "c.example.org.", "a.example.org.",
          "b.deep.example.org.", "d.example.org.",
        ])
  }

  @Test func `TTL and owner go into an included file and come back as they were`() throws {
    try fixture.write("a.inc", " TXT in\n$TTL 7\nb TXT x\n")
    let zone = try read(zoneHead + "a A 192.0.2.1\n$INCLUDE a.inc\n AAAA ::1\n", fixture)
    let records = zone.records.dropFirst(2)
    #expect(records.map(\.ttl) == [300, 300, 7, 300])
    #expect(
      records.map(\.owner.description)
        == ["a.example.org.", "a.example.org.", "b.example.org.", "a.example.org."])
  }

  @Test func `a file's includes are relative to that file`() throws {
    try fixture.makeDirectory("parts")
    try fixture.write("parts/a.inc", "$INCLUDE b.inc\n$INCLUDE ../c.inc\n")
    try fixture.write("parts/b.inc", "b A 192.0.2.1\n")
    try fixture.write("c.inc", "c A 192.0.2.1\n")
    #expect(try owners("$INCLUDE parts/a.inc\n") == ["b.example.org.", "c.example.org."])
  }

  @Test func `a file name may be quoted, escaped and absolute`() throws {
    try fixture.write("a b;é.inc", "b A 192.0.2.1\n")
    #expect(try owners("$INCLUDE \"a b;é.inc\"\n") == ["b.example.org."])
    #expect(try owners("$INCLUDE a\\032b\\;é.inc\n") == ["b.example.org."])
    #expect(try owners("$INCLUDE \"\(fixture.path("a b;é.inc"))\"\n") == ["b.example.org."])
  }

  @Test func `errors and warnings in an included file name it and its line`() throws {
    try fixture.makeDirectory("parts")
    try fixture.write("parts/a.inc", "\nb A 192.0.2.1\n\nx A (\n 1.2.3 )\n")
    #expect(
      try refusal(zoneHead + "$INCLUDE parts/a.inc\n", fixture)
        == "parts/a.inc:4: Syntax error, could not parse the RR's rdata")
    try fixture.write("parts/a.inc", "\n\n@ CNAME x\n")
    #expect(
      try refusal(zoneHead + "$INCLUDE parts/a.inc\n", fixture)
        == "parts/a.inc:3: there is a CNAME record beside other data at example.org.")
    try fixture.write("parts/a.inc", "\nb A 192.0.2.1\nb 1 A 192.0.2.2\n")
    let zone = try read(zoneHead + "$INCLUDE parts/a.inc\n", fixture)
    #expect(
      zone.warnings == [
        ZoneFileWarning(
          file: fixture.path("parts/a.inc"), line: 3,
          text: "the TTLs of b.example.org. A differ; the lowest is used, 1 seconds")
      ])
  }

  @Test func `the including file's lines go on after an include`() throws {
    try fixture.write("a.inc", "\n\n\nb A 192.0.2.1\n")
    #expect(
      try refusal(zoneHead + "$INCLUDE a.inc\n\nx FOO y\n", fixture)
        == "example.org.zone:6: the type FOO is not known")
  }

  @Test func `a file that is missing or not a file is refused at the directive`() throws {
    #expect(
      try refusal(zoneHead + "$INCLUDE none.inc\n", fixture)
        == "example.org.zone:4: none.inc cannot be included: No such file or directory")
    try fixture.makeDirectory("parts")
    #expect(
      try refusal(zoneHead + "$INCLUDE parts\n", fixture)
        == "example.org.zone:4: parts cannot be included: it is not a regular file")
  }

  @Test func `files include one another 8 deep and not 9`() throws {
    #expect(ZoneFile.includeDepthLimit == 8)
    for depth in 1..<8 {
      try fixture.write("\(depth).inc", "$INCLUDE \(depth + 1).inc\n")
    }
    try fixture.write("8.inc", "a A 192.0.2.1\n")
    #expect(try owners("$INCLUDE 1.inc\n") == ["a.example.org."])
    try fixture.write("8.inc", "\n$INCLUDE 9.inc\n")
    try fixture.write("9.inc", "a A 192.0.2.1\n")
    #expect(
      try refusal(zoneHead + "$INCLUDE 1.inc\n", fixture)
        == "8.inc:2: files include one another more than 8 deep")
  }

  @Test func `a file that includes itself is refused`() throws {
    #expect(
      try refusal(zoneHead + "$INCLUDE example.org.zone\n", fixture)
        == "example.org.zone:4: files include one another more than 8 deep")
  }

  @Test func `nothing outside the zone file's directory is included`() throws {
    let outside = try ZoneFixture()
    try outside.write("a.inc", "a A 192.0.2.1\n")
    let name = outside.directory.split(separator: "/").last ?? ""
    try fixture.link("link.inc", to: outside.path("a.inc"))
    try fixture.link("linked", to: outside.directory)
    for path in [
      "../\(name)/a.inc", outside.path("a.inc"), "link.inc", "linked/a.inc", "/etc/passwd",
      "./../\(name)/a.inc",
    ] {
      let found = try refusal(zoneHead + "$INCLUDE \(path)\n", fixture)
      #expect(
        found.hasSuffix("cannot be included: it is outside the zone file's directory"), "\(found)")
    }
  }

  @Test func `a directory whose name begins like the zone file's is outside`() throws {
    try fixture.makeDirectory("zones")
    try fixture.makeDirectory("zones-other")
    try fixture.write("zones-other/a.inc", "a A 192.0.2.1\n")
    try fixture.write("zones/b.zone", zoneHead + "$INCLUDE ../zones-other/a.inc\n")
    #expect(throws: ZoneFileError.self) {
      try ZoneFile.read(path: fixture.path("zones/b.zone"), origin: try DomainName("b."))
    }
  }

  @Test func `links within the directory are followed, and so is a link to the directory`() throws {
    try fixture.makeDirectory("data")
    try fixture.write("data/a.inc", "a A 192.0.2.1\n")
    try fixture.link("a.inc", to: "data/a.inc")
    #expect(try owners("$INCLUDE a.inc\n") == ["a.example.org."])
    try fixture.write("data/b.zone", zoneHead + "$INCLUDE a.inc\n")
    try fixture.link("linked", to: "data")
    let zone = try ZoneFile.read(
      path: fixture.path("linked/b.zone"), origin: try DomainName("b."))
    #expect(zone.records.count == 3)
  }
}
