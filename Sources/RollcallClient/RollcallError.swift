// Why something did not succeed.

/// Why something did not succeed, in one line that says what is wrong and whose fault it is.
public struct RollcallError: Error, Sendable, CustomStringConvertible {
  /// What an application may want to tell apart. Later versions may add kinds.
  public struct Kind: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    /// What the library was told to do can't be right; nothing was sent.
    public static let setting = Kind(description: "setting")
    /// The service zone has no such service (NXDOMAIN, RFC 1035 section 4.1.1).
    public static let serviceUnknown = Kind(description: "service unknown")
    /// No DNS server gave an answer that can be used, and nothing is known from before.
    public static let noAnswer = Kind(description: "no answer")
    /// The HTTP API did not reply, or the connection was lost before or during the TLS handshake.
    public static let unreachable = Kind(description: "unreachable")
    /// The HTTP API's server did not prove who it is, or speaks no TLS.
    public static let untrusted = Kind(description: "untrusted")
    /// The HTTP API can't do it now, or a proxy before it (429, 500, 502, 503, 504).
    public static let unavailable = Kind(description: "unavailable")
    /// No valid token (401).
    public static let unauthenticated = Kind(description: "unauthenticated")
    /// The token does not allow it (403).
    public static let forbidden = Kind(description: "forbidden")
    /// There is no such instance or service (404).
    public static let notFound = Kind(description: "not found")
    /// It is not as the call requires it (412).
    public static let outdated = Kind(description: "outdated")
    /// The HTTP API refuses it for another reason, which its text tells (400, 409, 422, …).
    public static let refused = Kind(description: "refused")
    /// What came is no reply of a Rollcall server.
    public static let unreadable = Kind(description: "unreadable")
  }

  /// What went wrong, for a program.
  public let kind: Kind
  /// The reason in words; a server's own where it has told one.
  public let description: String
  /// How long the server wants to be left alone (RFC 9110 section 10.2.3).
  package let retryAfter: Duration?
  /// Whether the call may have been carried out.
  package let isOutcomeOpen: Bool

  /// - Parameters:
  ///   - kind: what is wrong.
  ///   - description: one line.
  public init(_ kind: Kind, _ description: String) {
    self.init(kind, description, retryAfter: nil)
  }

  package init(
    _ kind: Kind, _ description: String, retryAfter: Duration?, isOutcomeOpen: Bool = false
  ) {
    self.kind = kind
    self.description = description
    self.retryAfter = retryAfter
    self.isOutcomeOpen = isOutcomeOpen
  }

  package init(_ kind: Kind, _ description: String, isOutcomeOpen: Bool) {
    self.init(kind, description, retryAfter: nil, isOutcomeOpen: isOutcomeOpen)
  }

  /// Whether the same may succeed a little later without anybody mending anything.
  public var isPassing: Bool { [.unreachable, .unavailable, .noAnswer].contains(kind) }
}
