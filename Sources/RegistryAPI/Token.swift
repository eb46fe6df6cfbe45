// What whoever holds a token may do.

package import DNSWire
package import ServiceRegistry

/// How much a token allows: each includes what stands before it.
package enum TokenScope: String, CaseIterable, Comparable, Sendable {
  case read
  case write
  /// Write, and what concerns the whole server.
  case admin

  package static func < (left: TokenScope, right: TokenScope) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .read: 0
    case .write: 1
    case .admin: 2
    }
  }
}

/// An entry of the tokens file, checked. An object, so that a request knows its caller by one
/// reference.
package final class Token: Sendable {
  package let name: String
  package let digest: TokenDigest
  package let scope: TokenScope
  package let services: [ServicePattern]
  /// Where instances may be registered; empty: anywhere.
  package let addresses: [AddressPrefix]
  /// From then on it is no token any more.
  package let expiresAt: WallTime?

  package static let nameLengthLimit = 64
  package static let patternLimit = 64
  package static let prefixLimit = 64

  /// - Throws: which field is wrong, and how a right one is.
  package init(
    name: String, digest: TokenDigest, scope: TokenScope, services: [String],
    addresses: [String] = [], expiresAt: WallTime? = nil
  ) throws(TokenFault) {
    try Self.check(name)
    self.name = name
    self.digest = digest
    self.scope = scope
    self.services = try Self.patterns(services)
    self.addresses = try Self.prefixes(addresses)
    self.expiresAt = expiresAt
  }

  /// The name stands in log lines and in the table that `rollcall token list` prints.
  private static func check(_ name: String) throws(TokenFault) {
    guard (1...nameLengthLimit).contains(name.utf8.count),
      name.utf8.allSatisfy({ $0.isLetterDigitOrHyphen || ".@_".utf8.contains($0) })
    else {
      throw TokenFault(
        "name", "must be 1 to \(nameLengthLimit) letters, digits and any of '-._@'")
    }
    guard name.lowercased() != Caller.anonymousName else {
      throw TokenFault("name", "must not be '\(name)', which stands for callers without a token")
    }
  }

  private static func patterns(_ texts: [String]) throws(TokenFault) -> [ServicePattern] {
    guard (1...patternLimit).contains(texts.count) else {
      throw TokenFault(
        "services", "must have 1 to \(patternLimit) patterns, such as 'web', '*.prod' or '*'")
    }
    var patterns: [ServicePattern] = []
    for text in texts {
      do throws(RegistryError) {
        patterns.append(try ServicePattern(text))
      } catch {
        throw TokenFault(
          "services", "'\(text)' is neither a service's name nor '*.' before one nor '*'")
      }
    }
    return patterns
  }

  private static func prefixes(_ texts: [String]) throws(TokenFault) -> [AddressPrefix] {
    guard texts.count <= prefixLimit else {
      throw TokenFault("addresses", "must have at most \(prefixLimit) prefixes")
    }
    var prefixes: [AddressPrefix] = []
    for text in texts {
      guard let prefix = AddressPrefix(text) else {
        throw TokenFault(
          "addresses",
          "'\(text)' is no prefix such as '10.0.0.0/8' or 'fd00::/8', all bits beyond it zero")
      }
      prefixes.append(prefix)
    }
    return prefixes
  }
}

/// What is wrong with an entry of the tokens file.
package struct TokenFault: Error, Equatable, CustomStringConvertible {
  package let field: String
  package let fault: String

  package init(_ field: String, _ fault: String) {
    self.field = field
    self.fault = fault
  }

  package var description: String { "\(field) \(fault)" }
}
