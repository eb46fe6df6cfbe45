// One label of a registered name: an instance id, a port name, a tag, a part of a service's name.

import DNSWire

/// A label of letters, digits and hyphens, no hyphen at the ends (RFC 1123 section 2.1).
///
/// Compared without regard to case; shown as it was first given.
package struct Label: Sendable {
  package let text: String

  /// The text in lower case.
  package var key: String {
    text.utf8.contains(where: \.isCapital) ? text.lowercased() : text
  }

  /// - Parameters:
  ///   - kind: what the label names, for the error.
  ///   - limit: octets at most: 63, or 62 where an underscore is put before the label.
  package init(_ text: String, kind: NameKind, limit: Int = 63) throws(RegistryError) {
    guard !text.isEmpty, text.utf8.count <= limit else {
      throw .badName(kind, text, "must be 1 to \(limit) octets long")
    }
    guard text.utf8.allSatisfy(\.isLetterDigitOrHyphen) else {
      throw .badName(kind, text, "may hold only letters, digits and hyphens")
    }
    guard text.utf8.first != UInt8(ascii: "-"), text.utf8.last != UInt8(ascii: "-") else {
      throw .badName(kind, text, "must neither begin nor end with a hyphen")
    }
    self.text = text
  }

  /// What was checked before.
  init(unchecked text: String) {
    self.text = text
  }

  var octets: [UInt8] { Array(text.utf8) }

  /// `label` with the underscore that keeps service and port names apart from hosts (RFC 2782).
  var underscored: [UInt8] { Array("_\(text)".utf8) }
}

/// What a name in a request names; its text is the field's name.
package enum NameKind: String, Sendable {
  case service
  case instance = "id"
  case port = "ports"
  case tag = "tags"
}

extension Label: Hashable, Comparable {
  package static func == (left: Label, right: Label) -> Bool {
    left.text == right.text || left.key == right.key
  }

  package static func < (left: Label, right: Label) -> Bool { left.key < right.key }
  package func hash(into hasher: inout Hasher) { hasher.combine(key) }
}

extension Label: CustomStringConvertible {
  package var description: String { text }
}

extension UInt8 {
  fileprivate var isCapital: Bool { (0x41...0x5A).contains(self) }
}
