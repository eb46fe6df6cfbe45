// Lets a request in, or says why not.

import HTTPTypes
import Hummingbird
package import ServiceRegistry
import Synchronization

/// The one place that every request passes before anything is done for it.
package final class AccessControl: Sendable {
  private let tokens: Mutex<TokenTable>
  private let needsTokens: Bool
  private let hostCheck: HostCheck
  private let now: @Sendable () -> WallTime
  private let unauthenticated = Atomic(0)
  private let forbidden = Atomic(0)

  /// - Parameters:
  ///   - tokens: nil lets everybody do everything.
  ///   - allowedHosts: host names, without ports, that requests may be addressed to besides
  ///     `localhost` and the address that they arrive at; only where no token is needed.
  package init(
    tokens: TokenTable?, allowedHosts: [String] = [],
    now: @escaping @Sendable () -> WallTime = RegistryClock.system.wall
  ) {
    self.tokens = Mutex(tokens ?? TokenTable())
    needsTokens = tokens != nil
    hostCheck = HostCheck(allowedHosts: allowedHosts)
    self.now = now
  }

  /// From the next request on these tokens count, and no others.
  package func replaceTokens(_ table: TokenTable) {
    tokens.withLock { $0 = table }
  }

  /// Tokens in force, expired ones included.
  package var tokenCount: Int { tokens.withLock(\.tokens.count) }
  /// Requests without a token that is valid here.
  package var unauthenticatedCount: Int { unauthenticated.load(ordering: .relaxed) }
  /// Requests for something that their token does not allow.
  package var forbiddenCount: Int { forbidden.load(ordering: .relaxed) }

  /// - Throws: 400, 401, 403, 421, or 404 for what the caller may not see.
  func admit(_ request: Request, from peer: Peer, for need: AccessNeed) throws(Problem) -> Caller {
    guard needsTokens else {
      try hostCheck.check(request, arrivedAt: peer.localAddress)
      return .anonymous
    }
    do throws(Problem) {
      try HostCheck.checkForm(of: request)
      guard need != .nothing else { return .anonymous }
      let caller = Caller(token: try token(of: request))
      try caller.check(need)
      return caller
    } catch {
      switch error.status {
      case .unauthorized: unauthenticated.add(1, ordering: .relaxed)
      case .forbidden: forbidden.add(1, ordering: .relaxed)
      default: break
      }
      throw error
    }
  }

  /// For what goes on long after a request was let in.
  ///
  /// - Throws: 401 when the caller's token is none any more, or is for other services.
  func readmit(_ caller: Caller) throws(Problem) {
    guard let token = caller.token else { return }
    let now = now()
    guard let current = tokens.withLock({ $0.token(token.digest, at: now) }),
      current.services == token.services
    else { throw .badToken }
  }

  /// The token in the Authorization field, the only place where one is looked for (RFC 6750 section
  /// 2.1): targets and bodies are written down in too many places.
  private func token(of request: Request) throws(Problem) -> Token {
    let fields = request.headers[values: .authorization]
    guard fields.count <= 1 else { throw .secondAuthorization }
    guard let field = fields.first else { throw .noToken }
    // The scheme's name has no case (RFC 9110 section 11.1).
    let scheme = field.prefix { $0 != " " }
    guard scheme.lowercased() == "bearer",
      let digest = TokenDigest(ofToken: field[scheme.endIndex...].drop { $0 == " " })
    else { throw .badToken }
    let now = now()
    guard let token = tokens.withLock({ $0.token(digest, at: now) }) else { throw .badToken }
    return token
  }
}

extension Problem {
  fileprivate static let noToken = unauthorized(
    "send a token as 'Authorization: Bearer rollcall_...'; 'rollcall token new' makes one",
    challenge: "Bearer")

  /// Does not say what is wrong with it: unknown, revoked and expired are one.
  fileprivate static let badToken = unauthorized(
    "the token is not valid here: unknown, revoked or expired",
    challenge: #"Bearer error="invalid_token""#)

  private static func unauthorized(_ detail: String, challenge: String) -> Problem {
    Problem(
      status: .unauthorized, kind: "unauthorized", title: "A valid token is needed",
      detail: detail, headers: [.wwwAuthenticate: challenge])
  }

  fileprivate static let secondAuthorization = Problem(
    status: .badRequest, kind: "bad-authorization", title: "There are two Authorization fields",
    detail: "send one Authorization field", field: "Authorization")

  static func forbidden(_ detail: String, field: String? = nil) -> Problem {
    Problem(
      status: .forbidden, kind: "forbidden", title: "The token does not allow this",
      detail: detail, field: field,
      headers: [.wwwAuthenticate: #"Bearer error="insufficient_scope""#])
  }
}
