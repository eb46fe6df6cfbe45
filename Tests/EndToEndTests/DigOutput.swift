// What dig, kdig and drill print about a reply, in parts.

/// A reply as dig shows it; what kdig and drill show alike is read from theirs, too.
struct DigOutput {
  let text: String
  let opcode: String
  let status: String
  let id: String
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
    opcode = text.firstMatch(of: /opcode: (\w+)/).map { String($0.1) } ?? ""
    status = text.firstMatch(of: /(?:status|rcode): (\w+)[,;]/).map { String($0.1) } ?? ""
    id = text.firstMatch(of: /id: (\d+)/).map { String($0.1) } ?? ""
    let words = text.firstMatch(of: /;; [Ff]lags: ?([^;]*);/)?.1 ?? ""
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

  /// What dig shows of several replies on end.
  static func several(_ text: String) -> [DigOutput] {
    text.split(separator: ";; Got answer:").dropFirst().map { DigOutput(String($0)) }
  }

  /// What dig and kdig write after the name of an EDNS option, such as `NSID`.
  func option(_ name: String) -> String? {
    let lines = text.split(separator: "\n").map { $0.drop { $0 == ";" || $0 == " " } }
    return lines.first { $0.hasPrefix("\(name): ") }.map { String($0.dropFirst(name.count + 2)) }
  }

  /// The number of a section's records in the header: `QUERY`, `ANSWER` and so on.
  func count(_ section: String) -> Int? {
    let pair = text.matches(of: /([A-Z]+): (\d+)/).first { $0.1 == section }
    return pair.flatMap { Int($0.2) }
  }

  /// The record data of the answer's records of one type, in order.
  func values(_ type: String) -> [String] {
    answer.compactMap { line in
      let fields = line.split(separator: " ", maxSplits: 4)
      return fields.count == 5 && fields[3] == type ? String(fields[4]) : nil
    }
  }

  /// The line with one space between its fields.
  static func fields(_ line: some StringProtocol) -> String {
    line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
