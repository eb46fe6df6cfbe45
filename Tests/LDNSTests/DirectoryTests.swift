// The directory of zone files, and the examples that come with the project.

import DNSWire
import Testing

@testable import LDNS

@Suite("The directory of zone files")
struct DirectoryTests {
  @Test func `zone files are listed by name, hidden and other files are not`() throws {
    let fixture = try ZoneFixture()
    for name in ["b.zone", "a.zone", "a.inc", ".hidden.zone", "c.zone~", "zone"] {
      try fixture.write(name, "")
    }
    let expected = [fixture.path("a.zone"), fixture.path("b.zone")]
    #expect(try ZoneDirectory.zoneFiles(in: fixture.directory) == expected)
    #expect(try ZoneDirectory.zoneFiles(in: fixture.directory + "/") == expected)
  }

  @Test func `a directory that is missing or none is an error with its reason`() throws {
    let fixture = try ZoneFixture()
    let path = fixture.path("none")
    let reason = "cannot be read: No such file or directory"
    #expect(throws: ZoneFileError(file: path, line: nil, reason: reason)) {
      try ZoneDirectory.zoneFiles(in: path)
    }
    try fixture.write("none", "")
    #expect(
      throws: ZoneFileError(file: path, line: nil, reason: "cannot be read: Not a directory")
    ) {
      try ZoneDirectory.zoneFiles(in: path)
    }
  }

  @Test(
    "the file's name gives the origin, case kept",
    arguments: [
      ("example.org.zone", "example.org."), ("zones/Mesh.Internal.zone", "Mesh.Internal."),
      ("/a.b/0\\04725.2.0.192.in-addr.arpa.zone", "0/25.2.0.192.in-addr.arpa."),
    ])
  func origin(fileName: String, origin: String) throws {
    #expect(try ZoneDirectory.origin(fromFileName: fileName).description == origin)
  }

  @Test(
    "a file name that gives no origin is an error",
    arguments: ["example.org", "a..b.zone", ".zone", "zones/", "x.zone/y", ""])
  func noOrigin(fileName: String) throws {
    #expect(throws: ZoneFileError.self) { try ZoneDirectory.origin(fromFileName: fileName) }
  }

  @Test func `errors and warnings read as file, line and text`() {
    let error = ZoneFileError(file: "zones/x.zone", line: 12, reason: "it is wrong")
    #expect(error.description == "zones/x.zone:12: it is wrong")
    let whole = ZoneFileError(file: "zones/x.zone", line: nil, reason: "it is wrong")
    #expect(whole.description == "zones/x.zone: it is wrong")
    let warning = ZoneFileWarning(file: "zones/x.zone", line: 12, text: "it is odd")
    #expect(warning.description == "zones/x.zone:12: it is odd")
  }
}

@Suite("The example zones")
struct ExampleTests {
  private let directory =
    #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/zones"

  @Test(
    "each is read without a warning",
    arguments: [("mesh.internal", 10), ("infra.internal", 32)])
  func example(name: String, count: Int) throws {
    let path = "\(directory)/\(name).zone"
    let origin = try ZoneDirectory.origin(fromFileName: path)
    let zone = try ZoneFile.read(path: path, origin: origin)
    #expect(zone.apex == origin)
    #expect(zone.warnings == [])
    #expect(zone.records.count == count)
  }

  @Test func `both are all that the directory has`() throws {
    let names = try ZoneDirectory.zoneFiles(in: directory).map { $0.split(separator: "/").last }
    #expect(names == ["infra.internal.zone", "mesh.internal.zone"])
  }
}
