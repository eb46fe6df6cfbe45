// Domain names in presentation format.

import DNSWire
import TestSupport
import Testing

@Suite("Domain names as text (RFC 1035 section 5.1)")
struct DomainNameTextTests {
  @Test(
    "text is read label by label, with escapes",
    arguments: [
      (".", [0]), ("a", [1, 0x61, 0]), ("a.", [1, 0x61, 0]), ("A.b.", [1, 0x41, 1, 0x62, 0]),
      ("a\\.b.", [3, 0x61, 0x2E, 0x62, 0]), ("\\000.", [1, 0, 0]), ("\\255.", [1, 255, 0]),
      ("\\0651.", [2, 0x41, 0x31, 0]), ("\\\\.", [1, 0x5C, 0]), ("a\\.", [2, 0x61, 0x2E, 0]),
      ("*.x", [1, 0x2A, 1, 0x78, 0]), ("_a._b", [2, 0x5F, 0x61, 2, 0x5F, 0x62, 0]),
    ] as [(String, [UInt8])])
  func reading(text: String, wire: [UInt8]) throws {
    #expect(try DomainName(text).wire == wire)
  }

  @Test(
    "text that is no name is refused",
    arguments: [
      ("", DomainNameError.emptyLabel), ("..", .emptyLabel), (".a", .emptyLabel),
      ("a..b", .emptyLabel), ("a..", .emptyLabel), ("a\\", .badEscape), ("\\25", .badEscape),
      ("\\2", .badEscape), ("\\256.", .badEscape), ("\\999", .badEscape), ("\\1a1.", .badEscape),
      (String(repeating: "a", count: 64), .labelTooLong),
      (String(repeating: "a.", count: 128), .nameTooLong),
    ])
  func refusing(text: String, error: DomainNameError) {
    #expect(throws: error) { try DomainName(text) }
  }

  @Test("limits count octets, not characters of text: 63 escaped octets are one label")
  func limitsCountOctets() throws {
    let label = String(repeating: "\\065", count: 63)
    #expect(try DomainName(label).wire == [63] + [UInt8](repeating: 65, count: 63) + [0])
    #expect(throws: DomainNameError.labelTooLong) { try DomainName(label + "a") }
    #expect(try DomainName(String(repeating: "a.", count: 127)).wire.count == 255)
  }

  @Test("every octet survives being written and read again")
  func roundTripOfOctets() throws {
    for octet in UInt8.min...UInt8.max {
      let name = try DomainName(labels: [[octet, 0x61], [octet]])
      #expect(try DomainName(name.description).wire == name.wire)
      #expect(name.description.utf8.allSatisfy { (0x21...0x7E).contains($0) })
    }
  }

  @Test("random names survive being written and read again")
  func roundTripOfNames() throws {
    var random = SeededRandom(seed: 7)
    for _ in 0..<500 {
      var labels: [[UInt8]] = []
      var octets = 1
      while octets < 200, Int.random(in: 0..<6, using: &random) > 0 {
        let label = (0..<Int.random(in: 1...40, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
        labels.append(label)
        octets += 1 + label.count
      }
      let name = try DomainName(labels: labels)
      #expect(try DomainName(name.description).wire == name.wire)
      #expect(try DomainName(wire: name.wire).labels.map(Array.init) == labels)
    }
  }

  @Test("what means something in a master file is written with a backslash")
  func writingSpecials() throws {
    let label = Array("a.b\\c\"d;e(f)g@h$i j".utf8)
    let text = try DomainName(labels: [label]).description
    #expect(text == "a\\.b\\\\c\\\"d\\;e\\(f\\)g\\@h\\$i\\032j.")
    #expect(DomainName.root.description == ".")
    #expect(try DomainName("Web.Mesh").description == "Web.Mesh.")
  }
}
