// Tokens that tests hold.

import RegistryAPI
import ServiceRegistry

/// Tokens by name, and the table that a server has of them.
struct TestTokens {
  private(set) var table = TokenTable()
  private var texts: [String: String] = [:]

  mutating func add(
    _ name: String, _ scope: TokenScope, _ services: String..., addresses: [String] = [],
    expiresAt: WallTime? = nil
  ) throws {
    var generator = SystemRandomNumberGenerator()
    let text = TokenText.make(using: &generator)
    texts[name] = text
    guard let digest = TokenDigest(ofToken: text) else {
      preconditionFailure("a new token has the form of a token")
    }
    try table.add(
      Token(
        name: name, digest: digest, scope: scope, services: services, addresses: addresses,
        expiresAt: expiresAt))
  }

  subscript(name: String) -> String { texts[name] ?? "no token is called \(name)" }

  /// One of each scope for all services, and one for those below `prod`.
  static func usual() throws -> TestTokens {
    var tokens = TestTokens()
    try tokens.add("reader", .read, "*")
    try tokens.add("writer", .write, "*")
    try tokens.add("admin", .admin, "*")
    try tokens.add("below", .write, "*.prod")
    try tokens.add("below-reader", .read, "*.prod")
    try tokens.add("below-admin", .admin, "*.prod")
    return tokens
  }
}

/// A server, and the token that calls to it are made with.
struct TokenHolder {
  let server: TestServer
  let token: String

  func curl(_ method: String, _ path: String, _ json: String? = nil) async throws -> Reply {
    // curl waits for the body that a GET has and a HEAD announces.
    let method = method == "HEAD" ? ["--head"] : ["-X", method]
    let body = json.map { ["-H", "Content-Type: application/json", "-d", $0] } ?? []
    return try await server.curl(path, method + body + ["-H", "Authorization: Bearer \(token)"])
  }

  /// Registers an instance.
  func put(
    _ service: String, _ id: String = "a", _ json: String = #"{"address":"10.0.0.1"}"#
  ) async throws -> Reply {
    try await curl("PUT", "/v1/services/\(service)/instances/\(id)", json)
  }
}

extension TestServer {
  func with(_ tokens: TestTokens, _ name: String) -> TokenHolder {
    TokenHolder(server: self, token: tokens[name])
  }
}
