// The reading of JSON text (RFC 8259).

/// Why a text is not JSON, and where.
struct JSONError: Error, Equatable {
  let reason: String
  /// Octets before the fault.
  let offset: Int
}

extension JSON {
  /// Reads a whole text: one value, encoded in UTF-8.
  init(parsing octets: [UInt8]) throws(JSONError) {
    guard String(validating: octets, as: UTF8.self) != nil else {
      throw JSONError(reason: "it is not UTF-8", offset: 0)
    }
    var parser = JSONParser(octets: octets)
    self = try parser.value(depth: 0)
    try parser.end()
  }
}

private struct JSONParser {
  private let octets: [UInt8]
  private var place = 0

  init(octets: [UInt8]) { self.octets = octets }

  mutating func value(depth: Int) throws(JSONError) -> JSON {
    skipSpace()
    guard depth <= APILimits.nesting else {
      throw error("it is nested more than \(APILimits.nesting) deep")
    }
    switch next ?? 0 {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), 0x30...0x39: return try number()
    default: return try word()
    }
  }

  func end() throws(JSONError) {
    var rest = self
    rest.skipSpace()
    guard rest.next == nil else { throw rest.error("something follows the value") }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSON {
    var members: [(name: String, value: JSON)] = []
    var names: Set<String> = []
    place += 1
    skipSpace()
    if skip("}") { return .object([]) }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw error("a member's name is missing") }
      let name = try string()
      guard names.insert(name).inserted else { throw error("the name '\(name)' is given twice") }
      skipSpace()
      guard skip(":") else { throw error("a colon is missing") }
      members.append((name, try value(depth: depth + 1)))
      skipSpace()
    } while skip(",")
    guard skip("}") else { throw error("a comma or a closing brace is missing") }
    return .object(members)
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSON {
    var items: [JSON] = []
    place += 1
    skipSpace()
    if skip("]") { return .array([]) }
    repeat {
      items.append(try value(depth: depth + 1))
      skipSpace()
    } while skip(",")
    guard skip("]") else { throw error("a comma or a closing bracket is missing") }
    return .array(items)
  }

  private mutating func word() throws(JSONError) -> JSON {
    for (word, value) in [("true", JSON.bool(true)), ("false", .bool(false)), ("null", .null)]
    where octets[place...].starts(with: word.utf8) {
      place += word.utf8.count
      return value
    }
    throw error(next == nil ? "it ends too early" : "a value is missing")
  }

  // MARK: Numbers (RFC 8259 section 6)

  private mutating func number() throws(JSONError) -> JSON {
    let start = place
    _ = skip("-")
    let isZero = next == UInt8(ascii: "0")
    let digits = skipDigits()
    guard digits > 0, !isZero || digits == 1 else { throw error("a number is malformed") }
    let integerEnd = place
    if skip("."), skipDigits() == 0 { throw error("a number is malformed") }
    if skip("e") || skip("E") {
      if !skip("+") { _ = skip("-") }
      guard skipDigits() > 0 else { throw error("a number is malformed") }
    }
    let text = String(decoding: octets[start..<place], as: UTF8.self)
    if place == integerEnd, let integer = Int(text) { return .integer(integer) }
    return .otherNumber(text)
  }

  private mutating func skipDigits() -> Int {
    let start = place
    while let octet = next, (0x30...0x39).contains(octet) { place += 1 }
    return place - start
  }

  // MARK: Strings (RFC 8259 section 7)

  private mutating func string() throws(JSONError) -> String {
    place += 1
    var text: [UInt8] = []
    while let octet = next {
      place += 1
      switch octet {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): text += UTF8.encode(try escape())!
      case 0..<0x20: throw error("a string holds a control character")
      default: text.append(octet)
      }
    }
    throw error("a string does not end")
  }

  private mutating func escape() throws(JSONError) -> Unicode.Scalar {
    guard let octet = next else { throw error("a string does not end") }
    place += 1
    switch octet {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(octet)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw error("an escape is unknown")
    }
  }

  /// `00e9`, or a pair such as `d83d\ude00`; half a pair is no character.
  private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
    let first = try codeUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, skip("\\"), skip("u") else { throw error("half a surrogate pair") }
    let second = try codeUnit()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(
        0x10000 + (UInt32(first - 0xD800) << 10) + UInt32(second - 0xDC00))
    else { throw error("half a surrogate pair") }
    return scalar
  }

  private mutating func codeUnit() throws(JSONError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = next.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
        throw error("an escape is malformed")
      }
      unit = unit << 4 | UInt16(digit)
      place += 1
    }
    return unit
  }

  // MARK: Octets

  private var next: UInt8? { place < octets.count ? octets[place] : nil }

  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    place += 1
    return true
  }

  private mutating func skipSpace() {
    while let octet = next, [0x20, 0x09, 0x0A, 0x0D].contains(octet) { place += 1 }
  }

  private func error(_ reason: String) -> JSONError { JSONError(reason: reason, offset: place) }
}
