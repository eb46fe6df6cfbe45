// A JSON value to be written (RFC 8259).

/// A value of any shape.
package enum JSON: Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case string(String)
  case array([JSON])
  /// Members are written in this order; each name is there once.
  case object([(name: String, value: JSON)])

  package static func text(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }

  /// The value as a text without spaces.
  package var line: String { String(decoding: encoded, as: UTF8.self) }

  /// The value's text, without spaces.
  package var encoded: [UInt8] {
    var writer = JSONWriter()
    writer.append(self)
    return writer.octets
  }
}

/// Puts a JSON text together piece by piece: whoever writes long lists needs no tree of them.
@usableFromInline package struct JSONWriter {
  @usableFromInline package private(set) var octets: [UInt8] = []

  package init() {}

  package mutating func reserveCapacity(_ count: Int) {
    octets.reserveCapacity(count)
  }

  /// Adds octets that are JSON already: brackets, names in quotation marks, commas.
  @usableFromInline package mutating func append(verbatim text: StaticString) {
    octets.append(
      contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  package mutating func append(_ number: Int) {
    if number < 0 { octets.append(0x2D) }
    let start = octets.count
    var rest = number.magnitude
    repeat {
      octets.append(0x30 + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    octets[start...].reverse()
  }

  package mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { append(utf8: $0) }
  }

  /// Adds the string that these octets of UTF-8 are.
  package mutating func append(utf8: UnsafeBufferPointer<UInt8>) {
    octets.append(0x22)
    if utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }) {
      octets.append(contentsOf: utf8)
    } else {
      for octet in utf8 { appendEscaped(octet) }
    }
    octets.append(0x22)
  }

  /// Adds a text as it is, without quotation marks: what stands beside JSON in the same memory.
  package mutating func append(plain text: String) {
    octets.append(contentsOf: text.utf8)
  }

  /// Forgets what was written and keeps the memory for what comes.
  package mutating func removeAll() {
    octets.removeAll(keepingCapacity: true)
  }

  /// Quotation mark, backslash and control characters (RFC 8259 section 7).
  private mutating func appendEscaped(_ octet: UInt8) {
    switch octet {
    case 0x22, 0x5C:
      octets.append(0x5C)
      octets.append(octet)
    case 0..<0x20:
      append(verbatim: #"\u00"#)
      octets.append(0x30 + octet >> 4)
      let digit = octet & 0xF
      octets.append(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
    default:
      octets.append(octet)
    }
  }

  /// Adds an array of what `append` adds for each item.
  @inlinable package mutating func append<Item>(
    _ items: [Item], _ append: (inout JSONWriter, Item) -> Void
  ) {
    self.append(verbatim: "[")
    var isFirst = true
    for item in items {
      if !isFirst { self.append(verbatim: ",") }
      isFirst = false
      append(&self, item)
    }
    self.append(verbatim: "]")
  }

  package mutating func append(_ json: JSON) {
    switch json {
    case .null: append(verbatim: "null")
    case .bool(let value): append(verbatim: value ? "true" : "false")
    case .integer(let number): append(number)
    case .string(let text): append(text)
    case .array(let items): append(items) { $0.append($1) }
    case .object(let members):
      octets.append(0x7B)
      for (index, member) in members.enumerated() {
        if index > 0 { octets.append(0x2C) }
        append(member.name)
        octets.append(0x3A)
        append(member.value)
      }
      octets.append(0x7D)
    }
  }
}
