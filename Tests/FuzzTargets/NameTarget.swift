// Domain names, from octets and from text, and back.

import CLDNS
import DNSWire

/// Takes each input as wire form and as text.
enum NameTarget {
  static func check(_ input: [UInt8]) throws(Violation) {
    try checkWire(input)
    try checkText(String(decoding: input, as: UTF8.self))
  }

  private static func checkWire(_ octets: [UInt8]) throws(Violation) {
    let name: DomainName
    do throws(DomainNameError) {
      name = try DomainName(wire: octets)
    } catch {
      return try require(!isWire(octets), "a name in wire form is refused: \(error)")
    }
    try require(isWire(octets), "these octets are no name in wire form")
    try require(name.wire == octets, "the octets have changed")
    try check(name)
  }

  /// Length octets up to 63 that lead exactly to the root label, 255 octets in all (RFC 1035
  /// section 2.3.4).
  private static func isWire(_ octets: [UInt8]) -> Bool {
    guard octets.count <= 255 else { return false }
    var rest = octets[...]
    while let length = rest.popFirst() {
      if length == 0 { return rest.isEmpty }
      guard length < 64, length <= rest.count else { return false }
      rest = rest.dropFirst(Int(length))
    }
    return false
  }

  private static func checkText(_ text: String) throws(Violation) {
    guard let name = try? DomainName(text) else { return }
    try require(isWire(name.wire), "\(text) became no name in wire form")
    try check(name)
    if let seen = try? ldnsWire(text), !text.utf8.contains(0) {
      try require(seen == name.wire, "libldns reads another name from \(text)")
    }
  }

  /// What holds for every name.
  private static func check(_ name: DomainName) throws(Violation) {
    let text = name.description
    try require(text.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "not printable: \(text)")
    try require((try? DomainName(text))?.wire == name.wire, "\(text) is another name")
    try require(try ldnsWire(text) == name.wire, "libldns reads another name from \(text)")
    let labels = name.labels
    try require(labels.allSatisfy { (1...63).contains($0.count) }, "a label's length: \(text)")
    try require(
      (try? DomainName(labels: labels.map(Array.init)))?.wire == name.wire, "labels of \(text)")
    let folded = name.lowercased
    try require(folded == name && folded.hashValue == name.hashValue, "\(text) is not \(folded)")
    try checkAncestors(of: name)
  }

  private static func checkAncestors(of name: DomainName) throws(Violation) {
    var ancestors = 0
    var ancestor = name
    while let parent = ancestor.parent {
      ancestors += 1
      try require(name.isEqualOrBelow(parent), "\(name) is not below \(parent)")
      try require(!parent.isEqualOrBelow(name), "\(parent) is below \(name)")
      ancestor = parent
    }
    try require(ancestor.isRoot && ancestors == name.labels.count, "the ancestors of \(name)")
  }

  /// The wire form that libldns reads from `text`.
  private static func ldnsWire(_ text: String) throws(Violation) -> [UInt8] {
    var name: UnsafeMutablePointer<ldns_rdf>?
    let status = ldns_str2rdf_dname(&name, text)
    guard status == LDNS_STATUS_OK, let name else {
      throw Violation("libldns cannot read the name \(text)")
    }
    defer { ldns_rdf_deep_free(name) }
    return Array(UnsafeRawBufferPointer(start: ldns_rdf_data(name), count: ldns_rdf_size(name)))
  }
}
