// Why a call did not do what it was made for.

/// One line that says what is wrong, and whose fault it is.
package struct APIError: Error, CustomStringConvertible {
  package enum Kind: Sendable {
    /// What the client was told to do can't be right.
    case setting
    /// No reply came.
    case unreachable
    /// The server did not prove who it is, or speaks no TLS.
    case untrusted
    /// The server can't do it now (503).
    case unavailable
    /// No valid token (401).
    case unauthenticated
    /// The token does not allow it (403).
    case forbidden
    /// There is no such thing (404).
    case notFound
    /// It is not as the call requires it (412).
    case outdated
    /// Any other refusal.
    case refused
    /// What came is not a reply of this API.
    case unreadable
  }

  package let kind: Kind
  package let description: String
  /// How long the server wants to be left alone.
  let retryAfter: Duration?
  /// Whether the call may have been carried out.
  package let isOutcomeOpen: Bool

  package init(
    _ kind: Kind, _ description: String, retryAfter: Duration? = nil, isOutcomeOpen: Bool = false
  ) {
    self.kind = kind
    self.description = description
    self.retryAfter = retryAfter
    self.isOutcomeOpen = isOutcomeOpen
  }

  /// Whether the same call may succeed a little later.
  package var isPassing: Bool { kind == .unreachable || kind == .unavailable }
}
