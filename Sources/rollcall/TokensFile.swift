// The file that says which tokens are valid, and for what.

import FoundationEssentials
import Glibc
import RegistryAPI
import ServiceRegistry
import Yams

/// A YAML list with an entry for each token. It holds digests only, so anybody may read it; what
/// anybody may write to is refused.
struct TokensFile {
  let path: String

  func read() throws(SettingError) -> TokenTable {
    let contents = try SmallFile.read(path)
    guard contents.mode & S_IWOTH == 0 else {
      throw SettingError("\(path): everybody may write to it; take that away with 'chmod o-w'")
    }
    guard let text = String(validating: contents.octets, as: UTF8.self) else {
      throw SettingError("\(path): can't be read as text in UTF-8")
    }
    return try table(in: text)
  }

  /// Reads the file, has `change` change the table, and writes it anew. A file that is not there is
  /// made.
  func change(_ change: (inout TokenTable) throws -> Void) throws {
    let file = TokensFile(path: resolvedPath)
    try SmallFile.withLock(beside: file.path) {
      var table = TokenTable()
      if access(file.path, F_OK) == 0 { table = try file.read() }
      try change(&table)
      try SmallFile.replace(file.path, with: Self.text(of: table))
    }
  }

  /// Of a link the file that it leads to, which is to be replaced and not the link.
  private var resolvedPath: String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  // MARK: Reading

  private func table(in text: String) throws(SettingError) -> TokenTable {
    var table = TokenTable()
    for entry in try entries(in: text) {
      do throws(TokenFault) {
        try table.add(try token(entry))
      } catch {
        throw SettingError("\(place(entry)): \(error)")
      }
    }
    return table
  }

  private func entries(in text: String) throws(SettingError) -> [Node] {
    let node: Node?
    do {
      node = try compose(yaml: text)
    } catch let error as YamlError {
      throw SettingError(
        "\(path)\(error.oneLine) (a pattern with an asterisk must stand in quotes)")
    } catch {
      throw SettingError("\(path): \(error)")
    }
    // A file of comments only is an empty list.
    guard let node, node.scalar?.string != "" else { return [] }
    guard let sequence = node.sequence else {
      throw SettingError("\(path): must hold a list, each entry beginning with '- name:'")
    }
    return Array(sequence)
  }

  private func place(_ node: Node) -> String {
    node.mark.map { "\(path):\($0.line)" } ?? path
  }

  private enum Field: String, CaseIterable {
    case name, sha256, scope, services, addresses, expires
  }

  private func token(_ entry: Node) throws(TokenFault) -> Token {
    guard let mapping = entry.mapping else {
      throw TokenFault("entry", "must have fields, such as 'name: ci'")
    }
    var values: [Field: Node] = [:]
    for (key, value) in mapping {
      let text = key.scalar?.string ?? "?"
      guard let field = Field(rawValue: text) else {
        let known = Field.allCases.map(\.rawValue).joined(separator: ", ")
        throw TokenFault("'\(text)'", "is no field of a token; there are: \(known)")
      }
      values[field] = value
    }
    func text(_ field: Field) throws(TokenFault) -> String {
      guard let value = values[field] else { throw TokenFault(field.rawValue, "is missing") }
      guard let text = value.scalar?.string else {
        throw TokenFault(field.rawValue, "must be a single value")
      }
      return text
    }
    func texts(_ field: Field) throws(TokenFault) -> [String] {
      guard let value = values[field] else { return [] }
      if let text = value.scalar?.string { return [text] }
      let texts = value.sequence?.compactMap { $0.scalar?.string } ?? []
      guard texts.count == value.sequence?.count else {
        throw TokenFault(field.rawValue, "must be a list of single values")
      }
      return texts
    }
    guard let digest = TokenDigest(hexadecimal: try text(.sha256)) else {
      throw TokenFault("sha256", "must be 64 hexadecimal digits")
    }
    return try Token(
      name: try text(.name), digest: digest, scope: try TokenScope(field: try text(.scope)),
      services: try texts(.services), addresses: try texts(.addresses),
      expiresAt: values[.expires] == nil ? nil : try Self.time(try text(.expires)))
  }

  /// - Parameter text: a time as in RFC 3339, to the second.
  static func time(_ text: String) throws(TokenFault) -> WallTime {
    guard let date = try? Date(text, strategy: .iso8601) else {
      throw TokenFault("expires", "must be a time such as 2030-12-31T00:00:00Z")
    }
    return WallTime(date.timeIntervalSince1970) * 1_000
  }

  static func text(ofTime time: WallTime) -> String {
    Date(timeIntervalSince1970: Double(time / 1_000)).ISO8601Format()
  }

  // MARK: Writing

  /// No value holds a character that YAML would want to be written otherwise.
  private static func text(of table: TokenTable) -> String {
    func list(_ values: [some CustomStringConvertible]) -> String {
      "[" + values.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
    }
    var lines = ["# Written by 'rollcall token', which keeps no comments."]
    for token in table.tokens {
      lines += [
        "- name: \"\(token.name)\"", "  sha256: \"\(token.digest.hexadecimal)\"",
        "  scope: \(token.scope.rawValue)", "  services: \(list(token.services))",
      ]
      if !token.addresses.isEmpty { lines.append("  addresses: \(list(token.addresses))") }
      if let time = token.expiresAt { lines.append("  expires: \"\(text(ofTime: time))\"") }
    }
    return lines.map { $0 + "\n" }.joined()
  }
}

extension TokenScope {
  /// - Throws: a fault that names the scopes there are.
  init(field text: String) throws(TokenFault) {
    guard let scope = TokenScope(rawValue: text) else {
      let known = TokenScope.allCases.map(\.rawValue).joined(separator: ", ")
      throw TokenFault("scope", "'\(text)' must be one of \(known)")
    }
    self = scope
  }
}
