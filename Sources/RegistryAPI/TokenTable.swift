// All tokens that are valid now.

import ServiceRegistry

package struct TokenTable: Sendable {
  package private(set) var tokens: [Token] = []
  /// Of ``tokens``, side by side in memory.
  private var digests: [TokenDigest] = []

  package static let limit = 1_000

  package init() {}

  /// - Throws: when there is a token of this name already, or the table is full.
  package mutating func add(_ token: Token) throws(TokenFault) {
    guard tokens.count < Self.limit else {
      throw TokenFault("tokens", "are more than \(Self.limit)")
    }
    guard !tokens.contains(where: { $0.name == token.name }) else {
      throw TokenFault("name", "'\(token.name)' is given to another token already")
    }
    guard !digests.contains(token.digest) else {
      throw TokenFault("sha256", "is that of another token already")
    }
    tokens.append(token)
    digests.append(token.digest)
  }

  /// - Returns: false if there is none of this name.
  package mutating func remove(_ name: String) -> Bool {
    guard let index = tokens.firstIndex(where: { $0.name == name }) else { return false }
    tokens.remove(at: index)
    digests.remove(at: index)
    return true
  }

  /// Compares with every token, wherever it is found, so that the time tells nothing.
  func token(_ digest: TokenDigest, at now: WallTime) -> Token? {
    var place = 0
    for (index, known) in digests.enumerated() { place |= (index + 1) * known.equals(digest) }
    guard place > 0 else { return nil }
    let token = tokens[place - 1]
    return token.expiresAt.map { $0 > now } ?? true ? token : nil
  }
}
