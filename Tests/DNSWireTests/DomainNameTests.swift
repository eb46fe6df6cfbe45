// Domain names in wire form: limits, comparison, relations.

import DNSWire
import TestSupport
import Testing

@Suite("Domain names (RFC 1035 section 3.1, RFC 4343)")
struct DomainNameTests {
  /// A wire name of exactly `octets` octets, made of labels of at most 63.
  static func wire(ofLength octets: Int) -> [UInt8] {
    var wire: [UInt8] = []
    var remaining = octets - 1
    while remaining > 0 {
      let label = remaining == 65 ? 62 : min(63, remaining - 1)
      wire += [UInt8(label)] + [UInt8](repeating: UInt8(ascii: "x"), count: label)
      remaining -= 1 + label
    }
    return wire + [0]
  }

  @Test("a label of 63 octets is one, a label of 64 is none (RFC 1035 section 2.3.4)")
  func labelLimit() throws {
    let longest = [UInt8](repeating: UInt8(ascii: "a"), count: 63)
    let tooLong = longest + [UInt8(ascii: "a")]
    #expect(try DomainName(labels: [longest]).wire.count == 65)
    #expect(try DomainName(wire: [63] + longest + [0]).labels.count == 1)
    #expect(throws: DomainNameError.labelTooLong) { try DomainName(labels: [tooLong]) }
    #expect(throws: DomainNameError.labelTooLong) { try DomainName(wire: [64] + tooLong + [0]) }
  }

  @Test("a name of 255 octets is one, a name of 256 is none (RFC 1035 section 2.3.4)")
  func nameLimit() throws {
    let longest = Self.wire(ofLength: 255)
    #expect(longest.count == 255)
    let name = try DomainName(wire: longest)
    #expect(name.wire == longest)
    #expect(try DomainName(labels: name.labels.map(Array.init)) == name)
    #expect(throws: DomainNameError.nameTooLong) {
      try DomainName(wire: Self.wire(ofLength: 256))
    }
    let labels = [[UInt8]](repeating: [0x61], count: 127)
    #expect(try DomainName(labels: labels).labels.count == 127)
    #expect(throws: DomainNameError.nameTooLong) { try DomainName(labels: labels + [[0x61]]) }
  }

  @Test(
    "octets that are not exactly one uncompressed name are refused",
    arguments: [
      ([], DomainNameError.unterminated), ([1], .unterminated), ([1, 0x61], .unterminated),
      ([0, 0], .unterminated), ([1, 0x61, 0, 0], .unterminated), ([0xC0, 0x0C], .labelTooLong),
      ([1, 0x61, 0xC0, 0], .labelTooLong), ([0x40, 0], .labelTooLong),
      ([2, 0x61, 0], .unterminated),
    ] as [([UInt8], DomainNameError)])
  func badWire(wire: [UInt8], error: DomainNameError) {
    #expect(throws: error) { try DomainName(wire: wire) }
  }

  @Test("an empty label stands only for the root")
  func emptyLabel() {
    #expect(throws: DomainNameError.emptyLabel) { try DomainName(labels: [[0x61], []]) }
    #expect(DomainName.root.isRoot)
    #expect(DomainName.root.labels.isEmpty)
    #expect(DomainName.root.parent == nil)
  }

  @Test("equality and hashing ignore the case of ASCII letters and of nothing else (RFC 4343)")
  func caseInsensitivity() throws {
    for octet in UInt8.min...UInt8.max {
      let name = try DomainName(labels: [[octet]])
      for other in UInt8.min...UInt8.max {
        let otherName = try DomainName(labels: [[other]])
        let isLetterPair =
          (0x41...0x5A).contains(min(octet, other))
          && max(octet, other) == min(octet, other) + 0x20
        #expect((name == otherName) == (octet == other || isLetterPair))
        if name == otherName { #expect(name.hashValue == otherName.hashValue) }
      }
    }
    #expect(Set([ZoneUnderTest.name("WEB.Mesh."), ZoneUnderTest.name("web.mESH.")]).count == 1)
    #expect(ZoneUnderTest.name("WEB.").wire == [3, 0x57, 0x45, 0x42, 0])
    #expect(ZoneUnderTest.name("W-9_[.").lowercased.wire == [5] + Array("w-9_[".utf8) + [0])
  }

  @Test("label boundaries matter when names are compared")
  func labelBoundaries() {
    #expect(ZoneUnderTest.name("a.bc.") != ZoneUnderTest.name("ab.c."))
    #expect(ZoneUnderTest.name("a\\.b.") != ZoneUnderTest.name("a.b."))
    // A length octet that looks like a capital letter is not folded into another.
    let long = ZoneUnderTest.name(String(repeating: "x", count: 0x2F) + ".")
    #expect(long.lowercased.wire == long.wire)
  }

  @Test(
    "a name is below its ancestors and below nothing else",
    arguments: [
      ("a.b.c.", "a.b.c.", true), ("a.b.c.", "B.C.", true), ("a.b.c.", ".", true),
      (".", ".", true), (".", "a.", false), ("b.c.", "a.b.c.", false), ("xb.c.", "b.c.", false),
      ("a.b.c.", "b.d.", false), ("x\\.b.c.", "b.c.", false), ("a.b.", "c.", false),
    ])
  func ancestors(name: String, ancestor: String, isBelow: Bool) {
    let name = ZoneUnderTest.name(name)
    #expect(name.isEqualOrBelow(ZoneUnderTest.name(ancestor)) == isBelow)
  }

  @Test("octets inside a label are no label boundary for an ancestor")
  func ancestorInsideLabel() throws {
    // The label holds what looks like the labels of the ancestor.
    let name = try DomainName(wire: [4, 0x78, 1, 0x61, 0x62, 0])
    let ancestor = try DomainName(wire: [1, 0x61, 0])
    #expect(!name.isEqualOrBelow(ancestor))
    let tail = try DomainName(wire: [3, 0x78, 1, 0x61, 0])
    #expect(!tail.isEqualOrBelow(ancestor))
  }

  @Test("parents lead to the root label by label")
  func parents() {
    var names: [String] = []
    var name: DomainName? = ZoneUnderTest.name("a.B.c.")
    while let current = name {
      names.append(current.description)
      name = current.parent
    }
    #expect(names == ["a.B.c.", "B.c.", "c.", "."])
  }
}
