// Reads registrations and claims from the JSON of their rows.

import DNSWire
import JSONText
import ServiceRegistry

/// What was read before: kept from slice to slice of what a store holds.
struct ReadBefore: Sendable {
  /// Registrations by their JSON after the addresses and before the metadata.
  var registrations = TextMemo<Registration>()
  /// By their JSON.
  var metadata = TextMemo<Metadata>()
}

/// Reads registrations in which addresses come first and metadata last, as Rollcall writes them:
/// what stands between them says the same in every text that has it there, so it is read and
/// checked once. Whatever looks otherwise is read in full.
struct RegistrationReader: ~Copyable {
  private(set) var before: ReadBefore
  private var parser = JSONParser()

  init(before: ReadBefore) {
    self.before = before
  }

  /// - Throws: `JSONError`, `JSONFault` or `RegistryError` for what no version of Rollcall writes.
  mutating func read(_ text: UnsafeBufferPointer<UInt8>) throws -> Registration {
    guard let (addresses, end) = Self.leadingAddresses(text) else { return try parse(text) }
    var common = UnsafeBufferPointer(rebasing: text[end...])
    var metadata: Metadata?
    if let start = Self.metadataPlace(common),
      let found = self.metadata(UnsafeBufferPointer(rebasing: common[start...]))
    {
      metadata = found
      // No longer ends with a bracket, so it is no text without metadata.
      common = UnsafeBufferPointer(rebasing: common[..<start])
    }
    guard let known = before.registrations[common] else {
      let registration = try parse(text)
      before.registrations[common] = registration
      return registration
    }
    var registration = try known.with(addresses: addresses)
    if let metadata { registration.metadata = metadata }
    return registration
  }

  /// What the end of a registration's JSON says, from ``metadataStart`` on; nil if it says more
  /// than metadata.
  private mutating func metadata(_ text: UnsafeBufferPointer<UInt8>) -> Metadata? {
    if let known = before.metadata[text] { return known }
    let inner = UnsafeBufferPointer(rebasing: text[Self.metadataStart.count...])
    guard let entries = Self.entries(inner), let metadata = try? Metadata(entries) else {
      return nil
    }
    before.metadata[text] = metadata
    return metadata
  }

  /// Inside a string a quotation mark has a backslash before it, so this is no part of one.
  private static let metadataStart = Array(#","metadata":{"#.utf8)

  private static func metadataPlace(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
    var place = 0
    while place + metadataStart.count <= text.count {
      // No other member begins like this.
      if text[place] == metadataStart[0], text[place + 2] == metadataStart[2],
        text[place...].starts(with: metadataStart)
      {
        return place
      }
      place += 1
    }
    return nil
  }

  /// The strings of `"key":"value","key":"value"}}`; nil for anything else, escapes included.
  private static func entries(
    _ text: UnsafeBufferPointer<UInt8>
  ) -> [(key: String, value: String)]? {
    var entries: [(key: String, value: String)] = []
    var rest = text[...]
    func take(_ octet: Unicode.Scalar) -> Bool { rest.popFirst() == UInt8(ascii: octet) }
    func takeString() -> String? {
      guard take("\""), let end = rest.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
      let octets = rest[..<end]
      rest = rest[(end + 1)...]
      guard !octets.contains(UInt8(ascii: "\\")) else { return nil }
      return String(validating: octets, as: UTF8.self)
    }
    repeat {
      guard let key = takeString(), take(":"), let value = takeString(),
        entries.last.map({ $0.key < key }) ?? true
      else { return nil }
      entries.append((key, value))
    } while take(",")
    // What was taken last was no comma.
    return rest.count == 1 && rest.first == UInt8(ascii: "}") && text[rest.startIndex - 1] == 0x7D
      ? entries : nil
  }

  private mutating func parse(_ text: UnsafeBufferPointer<UInt8>) throws -> Registration {
    try parser.read(UnsafeRawBufferPointer(text), Registration.init(stored:))
  }

  private static let start: StaticString = #"{"addresses":["#

  /// The addresses that `text` begins with, and where their list ends. Nil where the text is not as
  /// Rollcall writes it; whether it is right all the same is for the parser to say.
  private static func leadingAddresses(
    _ text: UnsafeBufferPointer<UInt8>
  ) -> (addresses: [IPAddress], end: Int)? {
    let start = UnsafeBufferPointer(start: start.utf8Start, count: start.utf8CodeUnitCount)
    guard text.starts(with: start) else { return nil }
    var addresses: [IPAddress] = []
    var place = start.count
    while place < text.count, text[place] == UInt8(ascii: "\"") {
      let rest = text[(place + 1)...]
      guard let quote = rest.firstIndex(of: UInt8(ascii: "\"")), quote + 1 < text.count,
        let address = IPAddress(text: UnsafeBufferPointer(rebasing: rest[..<quote]))
      else { return nil }
      addresses.append(address)
      switch text[quote + 1] {
      case UInt8(ascii: "]"): return (addresses, quote + 2)
      case UInt8(ascii: ","): place = quote + 2
      default: return nil
      }
    }
    return nil
  }
}

/// Most services are known by the same protocols, ports and tags as the one before.
struct ClaimsReader: ~Copyable {
  private var known = TextMemo<ServiceClaims>()
  private var parser = JSONParser()

  /// - Throws: `JSONError`, `JSONFault` or `RegistryError` for what no version of Rollcall writes.
  mutating func read(_ text: UnsafeBufferPointer<UInt8>) throws -> ServiceClaims {
    if let claims = known[text] { return claims }
    let claims = try parser.read(UnsafeRawBufferPointer(text), ServiceClaims.init(stored:))
    known[text] = claims
    return claims
  }
}
