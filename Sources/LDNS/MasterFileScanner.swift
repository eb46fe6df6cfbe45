// The octets of a master file, cut into entries.

/// Cuts a master file into entries (RFC 1035 section 5.1).
///
/// libldns has a file reader too. It counts lines past the blank ones that follow a record, knows
/// no `$INCLUDE`, and ends a record at 10,230 octets; so it is given one entry at a time.
struct MasterFileScanner {
  private let octets: [UInt8]
  private var position = 0
  private var line = 1

  init(_ octets: [UInt8]) {
    self.octets = octets
  }

  /// Makes `entry` the next one that is not empty. False at the end of the file.
  mutating func next(_ entry: inout MasterFileEntry) throws(ZoneFileError) -> Bool {
    while position < octets.count {
      entry.begin(line: line, startsBlank: octets[position].isBlank)
      try scan(&entry)
      if !entry.text.isEmpty { return true }
    }
    return false
  }

  private mutating func scan(_ entry: inout MasterFileEntry) throws(ZoneFileError) {
    var openParentheses = 0
    while position < octets.count {
      let octet = octets[position]
      position += 1
      switch octet {
      case UInt8(ascii: "\n"):
        line += 1
        if openParentheses == 0 { return }
        entry.endToken()
      case UInt8(ascii: "("):
        openParentheses += 1
        entry.endToken()
      case UInt8(ascii: ")"):
        openParentheses -= 1
        guard openParentheses >= 0 else {
          throw entry.error("a parenthesis is closed that was not opened")
        }
        entry.endToken()
      case UInt8(ascii: ";"): skipComment()
      case UInt8(ascii: "\""): try scanQuoted(&entry)
      case UInt8(ascii: "\\"): try scanEscape(&entry)
      case 0: throw entry.error("there is a NUL octet")
      case _ where octet.isBlank: entry.endToken()
      case 0x21...0x7E: entry.append(octet)
      default: entry.append(escaping: octet)
      }
      guard entry.text.count <= MasterFileEntry.lengthLimit else {
        throw entry.error("the entry is longer than \(MasterFileEntry.lengthLimit) octets")
      }
    }
    guard openParentheses == 0 else { throw entry.error("a parenthesis is not closed") }
  }

  private mutating func skipComment() {
    while position < octets.count, octets[position] != UInt8(ascii: "\n") { position += 1 }
  }

  /// After an opening quote. What follows the closing one is a new token: RFC 1035 needs no space
  /// there.
  private mutating func scanQuoted(_ entry: inout MasterFileEntry) throws(ZoneFileError) {
    entry.append(UInt8(ascii: "\""))
    while position < octets.count {
      let octet = octets[position]
      position += 1
      switch octet {
      case UInt8(ascii: "\""):
        entry.append(octet)
        entry.endToken()
        return
      case UInt8(ascii: "\n"), 0: throw entry.error("a quote is not closed on its line")
      case UInt8(ascii: "\\"): try scanEscape(&entry)
      case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ";"): entry.append(escaping: octet)
      case 0x20...0x7E: entry.append(octet)
      default: entry.append(escaping: octet)
      }
    }
    throw entry.error("a quote is not closed on its line")
  }

  /// After a backslash.
  private mutating func scanEscape(_ entry: inout MasterFileEntry) throws(ZoneFileError) {
    guard position < octets.count, octets[position] != UInt8(ascii: "\n") else {
      throw entry.error("a backslash ends the line")
    }
    let octet = octets[position]
    if octet == UInt8(ascii: "#") {
      entry.append(UInt8(ascii: "\\"))
      entry.append(octet)
      position += 1
    } else if octet.isDigit {
      let digits = octets[position...].prefix(3).prefix(while: \.isDigit)
      let value = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
      guard digits.count == 3, let octet = UInt8(exactly: value) else {
        throw entry.error("a backslash is followed by a digit, but not by three up to 255")
      }
      entry.append(escaping: octet)
      position += 3
    } else {
      entry.append(escaping: octet)
      position += 1
    }
  }
}

extension UInt8 {
  /// White space within a line. A carriage return before the line end is white space too.
  fileprivate var isBlank: Bool {
    self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") || self == UInt8(ascii: "\r")
  }

  var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }
}
