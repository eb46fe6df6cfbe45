// One entry of a master file: a directive or a record, on one line again.

import DNSWire

/// An entry of a master file (RFC 1035 section 5.1) with its comments, parentheses and line ends
/// taken out.
///
/// Tokens are one space apart. Inside and outside quotes, an octet that means something to a
/// tokenizer or is not printable ASCII is written `\DDD`, so nobody after the scanner has to think
/// about `\"` or `;`. Only `\#` (RFC 3597 section 5) stays as it is.
struct MasterFileEntry {
  /// Octets of ``text``. libldns reads at most this much RDATA text, and drops the rest in silence.
  static let lengthLimit = 65_533

  let file: String
  /// Where the entry begins.
  var line = 0
  /// Whether white space comes first: the owner is that of the record before.
  var startsBlank = false
  private(set) var text: [UInt8] = []
  private var tokenHasEnded = false

  init(file: String) {
    self.file = file
  }

  mutating func begin(line: Int, startsBlank: Bool) {
    self.line = line
    self.startsBlank = startsBlank
    tokenHasEnded = false
    text.removeAll(keepingCapacity: true)
  }

  func error(_ reason: String) -> ZoneFileError {
    ZoneFileError(file: file, line: line, reason: reason)
  }
}

extension MasterFileEntry {
  mutating func append(_ octet: UInt8) {
    if tokenHasEnded {
      text.append(UInt8(ascii: " "))
      tokenHasEnded = false
    }
    text.append(octet)
  }

  mutating func append(escaping octet: UInt8) {
    append(UInt8(ascii: "\\"))
    text.append(UInt8(ascii: "0") + octet / 100)
    text.append(UInt8(ascii: "0") + octet / 10 % 10)
    text.append(UInt8(ascii: "0") + octet % 10)
  }

  mutating func endToken() {
    tokenHasEnded = !text.isEmpty
  }
}

extension MasterFileEntry {
  /// The token at `position`, which moves behind it; none at the end.
  func nextToken(_ position: inout Int) -> Range<Int>? {
    guard position < text.count else { return nil }
    let start = position
    var isQuoted = false
    while position < text.count, isQuoted || text[position] != UInt8(ascii: " ") {
      if text[position] == UInt8(ascii: "\"") { isQuoted.toggle() }
      position += 1
    }
    defer { position += 1 }
    return start..<position
  }

  /// Whether the octets at `range` are those of `word`, letters in any case.
  func matches(_ range: Range<Int>, _ word: StaticString) -> Bool {
    guard range.count == word.utf8CodeUnitCount else { return false }
    return word.withUTF8Buffer { letters in
      zip(text[range], letters).allSatisfy { $0.asciiLowercased == $1.asciiLowercased }
    }
  }

  /// The octets at `range` as the file has them, to quote in a message.
  func string(_ range: Range<Int>) -> String {
    String(decoding: text[range], as: UTF8.self)
  }
}
