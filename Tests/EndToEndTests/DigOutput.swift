// What dig prints about a reply, in parts.

/// A reply as dig shows it.
struct DigOutput {
  let text: String
  let status: String
  /// `qr`, `aa` and so on.
  let flags: Set<String>
  let answer: [String]
  let authority: [String]
  let additional: [String]
  /// The line that begins with `; EDE:`, without that.
  let extendedError: String?
  /// Such as `version: 0, flags:; udp: 1232`.
  let edns: String?

  init(_ text: String) {
    self.text = text
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    status = Self.between("status: ", ",", in: text) ?? ""
    let words = Self.between(";; flags: ", ";", in: text) ?? ""
    flags = Set(words.split(separator: " ").map(String.init))
    func section(_ name: String) -> [String] {
      guard let title = lines.firstIndex(of: ";; \(name) SECTION:") else { return [] }
      return lines[(title + 1)...].prefix { !$0.isEmpty }.map(Self.fields)
    }
    answer = section("ANSWER")
    authority = section("AUTHORITY")
    additional = section("ADDITIONAL")
    func rest(after start: String) -> String? {
      lines.first { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
    }
    extendedError = rest(after: "; EDE: ")
    edns = rest(after: "; EDNS: ")
  }

  /// The record data of the answer's records of one type, in order.
  func values(_ type: String) -> [String] {
    answer.compactMap { line in
      let fields = line.split(separator: " ", maxSplits: 4)
      return fields.count == 5 && fields[3] == type ? String(fields[4]) : nil
    }
  }

  private static func between(_ start: String, _ end: String, in text: String) -> String? {
    guard let from = text.firstRange(of: start)?.upperBound,
      let length = text[from...].firstRange(of: end)?.lowerBound
    else { return nil }
    return String(text[from..<length])
  }

  /// The line with one space between its fields.
  static func fields(_ line: some StringProtocol) -> String {
    line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
