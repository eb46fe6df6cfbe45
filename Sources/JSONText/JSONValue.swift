// A value in a JSON text that was read.
//
// Soundness: the words and strings belong to the parser, which keeps them as long as the closure
// runs that the value was handed to; indices come from the parser's own words only, so they stay
// inside. What the words mean is simdjson's documented format: a type in the highest octet, in the
// others an index, a place among the strings, or nothing because the value is the next word.

/// A handle, valid in the closure of ``JSONParser/read(_:_:)`` only.
@usableFromInline package struct JSONValue {
  @usableFromInline package enum Kind: UInt8 {
    case null = 0x6E  // n
    case yes = 0x74  // t
    case no = 0x66  // f
    case integer = 0x6C  // l
    /// An integer above `Int.max`.
    case largeInteger = 0x75  // u
    case otherNumber = 0x64  // d
    case string = 0x22  // "
    case array = 0x5B  // [
    case object = 0x7B  // {
  }

  fileprivate let words: UnsafePointer<UInt64>
  fileprivate let strings: UnsafePointer<UInt8>
  fileprivate let index: Int

  init(words: UnsafePointer<UInt64>, strings: UnsafePointer<UInt8>, index: Int) {
    self.words = words
    self.strings = strings
    self.index = index
  }

  @usableFromInline package var kind: Kind {
    guard let kind = Kind(rawValue: UInt8(words[index] >> 56)) else {
      preconditionFailure("no value begins at this word")
    }
    return kind
  }

  @usableFromInline package var isNull: Bool { kind == .null }

  /// A whole number, also one that is written as `1.0` or `1e3`: some libraries write all numbers
  /// so, and for JSON Schema these are integers too.
  @usableFromInline package var integer: Int? {
    switch kind {
    case .integer: Int(bitPattern: UInt(words[index + 1]))
    case .otherNumber: Int(exactly: Double(bitPattern: words[index + 1]))
    default: nil
    }
  }

  /// A string's octets.
  @usableFromInline package var octets: UnsafeBufferPointer<UInt8>? {
    guard kind == .string else { return nil }
    let start = strings + Int(words[index] & 0xFF_FFFF_FFFF_FFFF)
    let count = UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)
    return UnsafeBufferPointer(start: start + 4, count: Int(count))
  }

  @usableFromInline package var string: String? {
    // The parser has checked that it is UTF-8.
    octets.map { String(decoding: $0, as: UTF8.self) }
  }

  /// Whether it is this string, which is ASCII.
  @usableFromInline package func isString(_ text: StaticString) -> Bool {
    guard let octets, octets.count == text.utf8CodeUnitCount else { return false }
    return octets.elementsEqual(
      UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Adds octets that equal values give, and no others: numbers and strings with what they are
  /// before them, and brackets. Members in another order give others.
  @usableFromInline package func appendIdentity(to octets: inout [UInt8]) {
    var index = index
    let end = next.index
    while index < end {
      let word = words[index]
      let type = UInt8(word >> 56)
      octets.append(type)
      switch Kind(rawValue: type) {
      case .string:
        // With its length before it.
        let start = strings + Int(word & 0xFF_FFFF_FFFF_FFFF)
        let count = UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)
        octets.append(contentsOf: UnsafeBufferPointer(start: start, count: 4 + Int(count)))
      case .integer, .largeInteger, .otherNumber:
        index += 1
        withUnsafeBytes(of: words[index]) { octets.append(contentsOf: $0) }
      case .array, .object, .yes, .no, .null, nil: break
      }
      index += 1
    }
  }

  /// An array's elements.
  @usableFromInline package var elements: JSONElements? {
    kind == .array ? JSONElements(start: at(index + 1), end: scopeEnd - 1) : nil
  }

  /// An object's members, as they stand in the text.
  @usableFromInline package var members: JSONMembers? {
    kind == .object
      ? JSONMembers(values: JSONElements(start: at(index + 1), end: scopeEnd - 1)) : nil
  }

  private func at(_ index: Int) -> JSONValue {
    JSONValue(words: words, strings: strings, index: index)
  }

  /// After the word that ends this array or object.
  private var scopeEnd: Int { Int(words[index] & 0xFFFF_FFFF) }

  fileprivate var next: JSONValue {
    switch kind {
    case .integer, .largeInteger, .otherNumber: at(index + 2)
    case .array, .object: at(scopeEnd)
    case .null, .yes, .no, .string: at(index + 1)
    }
  }
}

@usableFromInline package struct JSONElements: Sequence, IteratorProtocol {
  fileprivate var start: JSONValue
  fileprivate let end: Int

  /// How many there are.
  @usableFromInline package var count: Int { reduce(into: 0) { count, _ in count += 1 } }

  @usableFromInline package mutating func next() -> JSONValue? {
    guard start.index < end else { return nil }
    defer { start = start.next }
    return start
  }
}

@usableFromInline package struct JSONMembers: Sequence, IteratorProtocol {
  fileprivate var values: JSONElements

  @usableFromInline package mutating func next() -> (name: JSONValue, value: JSONValue)? {
    guard let name = values.next(), let value = values.next() else { return nil }
    return (name, value)
  }
}
