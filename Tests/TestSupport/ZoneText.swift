// A small reader of master-file text (RFC 1035 section 5.1) for tests; a mistake in it traps.

package import DNSWire

/// Records from lines such as `web 5 IN A 10.0.0.1`.
///
/// Names without a final dot are relative to the origin, `@` is the origin, a line that begins
/// with a blank has the owner of the line before, a TTL is optional, `;` begins a comment. Owners
/// outside the origin are read all the same.
package struct ZoneText {
  package private(set) var records: [ResourceRecord] = []
  private let origin: DomainName

  package init(_ text: String, origin: DomainName, ttl: UInt32 = 3600) {
    self.origin = origin
    var owner = origin
    for line in text.split(separator: "\n") {
      var words = Self.words(line)
      guard !words.isEmpty else { continue }
      if line.first != " " { owner = name(words.removeFirst()) }
      var recordTTL = ttl
      if let number = UInt32(words[0]) {
        recordTTL = number
        words.removeFirst()
      }
      if words[0] == "IN" { words.removeFirst() }
      guard let type = RecordType(mnemonic: words.removeFirst()) else {
        preconditionFailure("no type in: \(line)")
      }
      records.append(
        ResourceRecord(owner: owner, type: type, ttl: recordTTL, rdata: rdata(type, words)))
    }
  }

  /// Words, quotes left on; a comment ends the line.
  private static func words(_ line: Substring) -> [String] {
    var words: [String] = []
    var word = ""
    var isQuoted = false
    for character in line {
      if character == "\"" { isQuoted.toggle() }
      if character == ";" && !isQuoted { break }
      if character == " " && !isQuoted {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word.append(character)
      }
    }
    return word.isEmpty ? words : words + [word]
  }

  private func name(_ text: String) -> DomainName {
    guard text != "@" else { return origin }
    guard let name = try? DomainName(text) else { preconditionFailure("no name: \(text)") }
    guard !text.hasSuffix(".") else { return name }
    guard let absolute = try? DomainName(wire: name.wire.dropLast() + origin.wire) else {
      preconditionFailure("too long: \(text)")
    }
    return absolute
  }

  private func rdata(_ type: RecordType, _ words: [String]) -> [UInt8] {
    if words.first == "\\#" { return Self.octets(hexadecimal: words.dropFirst(2).joined()) }
    switch type.rawValue {
    case 1, 28: return IPAddress(words[0])!.octets
    case 2, 5, 12, 39: return name(words[0]).wire
    case 6: return name(words[0]).wire + name(words[1]).wire + words[2...6].flatMap(Self.uint32)
    case 15, 64, 65: return Self.uint16(words[0]) + name(words[1]).wire
    case 16: return words.flatMap(Self.characterString)
    case 33: return words[0..<3].flatMap(Self.uint16) + name(words[3]).wire
    default: preconditionFailure("RDATA of \(type) must be written as \\#")
    }
  }

  private static func characterString(_ word: String) -> [UInt8] {
    let text = word.filter { $0 != "\"" }
    return [UInt8(text.utf8.count)] + text.utf8
  }

  private static func uint16(_ text: String) -> [UInt8] {
    let value = UInt16(text)!
    return [UInt8(value >> 8), UInt8(value & 0xFF)]
  }

  private static func uint32(_ text: String) -> [UInt8] {
    let value = UInt32(text)!
    return stride(from: 24, through: 0, by: -8).map { UInt8(value >> $0 & 0xFF) }
  }

  private static func octets(hexadecimal text: String) -> [UInt8] {
    let digits = Array(text)
    return stride(from: 0, to: digits.count, by: 2).map {
      UInt8(String(digits[$0...$0 + 1]), radix: 16)!
    }
  }
}

extension RecordType {
  /// Reads `A` or `TYPE1`.
  init?(mnemonic: String) {
    let numbers: [String: UInt16] = [
      "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33,
      "DNAME": 39, "DS": 43, "SVCB": 64, "HTTPS": 65,
    ]
    if let number = numbers[mnemonic] {
      self.init(rawValue: number)
    } else if mnemonic.hasPrefix("TYPE"), let number = UInt16(mnemonic.dropFirst(4)) {
      self.init(rawValue: number)
    } else {
      return nil
    }
  }
}
