// Domain names in presentation format (RFC 1035 section 5.1).

extension DomainName: CustomStringConvertible {
  /// Reads a name in presentation format: `\.` and `\DDD` are escapes, a final dot is optional.
  /// The name is taken as absolute either way.
  package init(_ text: some StringProtocol) throws(DomainNameError) {
    guard text != "." else {
      self = .root
      return
    }
    var labels: [[UInt8]] = []
    var label: [UInt8] = []
    var octets = text.utf8.makeIterator()
    var endsWithDot = false
    while let octet = octets.next() {
      endsWithDot = false
      switch octet {
      case UInt8(ascii: "."):
        guard !label.isEmpty else { throw .emptyLabel }
        labels.append(label)
        label = []
        endsWithDot = true
      case UInt8(ascii: "\\"):
        label.append(try Self.escapedOctet(&octets))
      default:
        label.append(octet)
      }
    }
    if !endsWithDot { labels.append(label) }
    try self.init(labels: labels)
  }

  private static func escapedOctet(
    _ octets: inout some IteratorProtocol<UInt8>
  ) throws(DomainNameError) -> UInt8 {
    guard let first = octets.next() else { throw .badEscape }
    guard let hundreds = first.decimalDigit else { return first }
    guard let tens = octets.next()?.decimalDigit, let ones = octets.next()?.decimalDigit,
      let octet = UInt8(exactly: hundreds * 100 + tens * 10 + ones)
    else { throw .badEscape }
    return octet
  }

  /// The name in presentation format with a final dot.
  @usableFromInline package var description: String {
    if isRoot { return "." }
    var text: [UInt8] = []
    text.reserveCapacity(wire.count)
    for label in labels {
      if label.allSatisfy(\.isLetterDigitOrHyphen) {
        text.append(contentsOf: label)
      } else {
        for octet in label { Self.append(octet, to: &text) }
      }
      text.append(UInt8(ascii: "."))
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func append(_ octet: UInt8, to text: inout [UInt8]) {
    switch octet {
    case UInt8(ascii: "."), UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: ";"),
      UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "@"), UInt8(ascii: "$"):
      text.append(UInt8(ascii: "\\"))
      text.append(octet)
    case 0x21...0x7E:
      text.append(octet)
    default:
      text.append(UInt8(ascii: "\\"))
      for digit in [octet / 100, octet / 10 % 10, octet % 10] { text.append(0x30 + digit) }
    }
  }
}

extension UInt8 {
  /// Whether a host name's label may hold the octet (RFC 1123 section 2.1).
  package var isLetterDigitOrHyphen: Bool {
    (0x61...0x7A).contains(self) || (0x30...0x39).contains(self) || (0x41...0x5A).contains(self)
      || self == UInt8(ascii: "-")
  }

  fileprivate var decimalDigit: Int? {
    (0x30...0x39).contains(self) ? Int(self) - 0x30 : nil
  }
}
