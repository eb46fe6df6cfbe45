// The label by which an instance is browsed for (RFC 6763 section 4.1.1).

/// An instance's name below its zone as one label: its labels with dots between them. A name that
/// is longer than a label can be is cut, and has a hash of the whole at its end.
package enum ServiceInstanceLabel {
  /// Octets that are kept of a longer name; a hyphen and the hash take the rest.
  private static let keptLength = 54
  private static let digitCount = 8

  /// - Parameter labels: at least one, in wire form without the root.
  package static func octets(_ labels: some Collection<UInt8>) -> [UInt8] {
    var text = Array(labels.dropFirst())
    var end = labels.first.map(Int.init) ?? 0
    while end < text.count {
      let next = end + 1 + Int(text[end])
      text[end] = UInt8(ascii: ".")
      end = next
    }
    guard text.count > DomainName.labelLengthLimit else { return text }
    return text[..<keptLength] + [UInt8(ascii: "-")] + digits(of: text)
  }

  /// Octets of the label.
  ///
  /// - Parameter labelsLength: octets of the labels in wire form without the root.
  package static func length(_ labelsLength: Int) -> Int {
    min(labelsLength - 1, DomainName.labelLengthLimit)
  }

  /// Whether labels of so many octets are cut, so that others' may become the same.
  package static func isCut(_ labelsLength: Int) -> Bool {
    labelsLength - 1 > DomainName.labelLengthLimit
  }

  /// In whatever case the name is written, its hash is the same.
  private static func digits(of text: [UInt8]) -> [UInt8] {
    let hash = text.map(\.asciiLowercased).withUnsafeBytes { SipHash.hash($0, key: .zero) }
    let digits = Array(String(hash, radix: 16).utf8)
    let leading = Array(repeating: UInt8(ascii: "0"), count: max(0, 16 - digits.count))
    return Array((leading + digits).prefix(digitCount))
  }
}
