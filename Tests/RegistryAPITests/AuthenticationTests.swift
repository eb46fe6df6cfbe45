// Who a caller is: the token, where it may stand, and until when it is one.

import Foundation
import ServiceRegistry
import Testing

@testable import RegistryAPI

@Suite("Authentication") struct AuthenticationTests {
  static let calls = [
    ("GET", "/v1/services"), ("HEAD", "/v1/services"), ("GET", "/v1/services/web"),
    ("GET", "/v1/services/web/instances"), ("GET", "/v1/services/web/instances/a"),
    ("PUT", "/v1/services/web/instances/a"), ("DELETE", "/v1/services/web/instances/a"),
    ("POST", "/v1/services/web/instances/a/renew"), ("POST", "/v1/instances"),
    ("POST", "/v1/renewals"), ("POST", "/v1/zones/reload"), ("GET", "/metrics"),
    ("POST", "/v1/services/web/instances/a/drain"), ("DELETE", "/v1/services/web"),
  ]

  @Test("Without a token every call but those that show health is 401", arguments: calls)
  func noToken(method: String, path: String) async throws {
    try await withServer(tokens: TestTokens.usual().table) { server in
      _ = try await server.registry.register(.init("web", "a"), .example)
      let body = #"{"address":"10.0.0.1"}"#
      let arguments =
        method == "HEAD"
        ? ["--head"] : ["-X", method, "-H", "Content-Type: application/json", "-d", body]
      let reply = try await server.curl(path, arguments)
      #expect(reply.status == 401)
      #expect(reply.headers["www-authenticate"] == "Bearer")
      if method != "HEAD" {
        #expect(reply.headers["content-type"] == "application/problem+json")
        #expect(try reply.problem().type == "urn:rollcall:problem:unauthorized")
      }
      let key = try InstanceKey("web", "a")
      #expect(try await server.registry.instance(key).instance.revision == 1)
      #expect(server.access.unauthenticatedCount == 1)
    }
  }

  @Test("/healthz and /readyz need no token, and no right one")
  func open() async throws {
    try await withServer(tokens: TokenTable()) { server in
      server.api.setReady()
      for path in ["/healthz", "/readyz"] {
        for header in ["X: y", "Authorization: Bearer wrong"] {
          let reply = try await server.curl(path, ["-H", header])
          #expect(reply.status == 200, "\(path) \(header)")
        }
      }
    }
  }

  @Test("A token counts as Authorization: Bearer and in no other form or place")
  func forms() async throws {
    let tokens = try TestTokens.usual()
    let token = tokens["reader"]
    let wrong = String(token.dropLast()) + (token.hasSuffix("0") ? "1" : "0")
    try await withServer(tokens: tokens.table) { server in
      for form in ["Bearer \(token)", "bearer \(token)", "BEARER \(token)", "Bearer   \(token)"] {
        let reply = try await server.curl("/v1/services", ["-H", "Authorization: \(form)"])
        #expect(reply.status == 200, "\(form)")
      }
      for header in [
        "Authorization: \(token)", "Authorization: Bearer", "Authorization: Bearer ",
        "Authorization: Bearer\(token)", "Authorization: Basic \(token)",
        "Authorization: Bearer \(wrong)", "Authorization: Bearer \(token)0",
        "Authorization: Bearer \(token.dropLast())", "Authorization: Bearer \(token.uppercased())",
        "Authorization: Bearer \(token), Bearer \(token)", "Authorization: Bearer \"\(token)\"",
        "Authorization: Bearer \(token.dropFirst(9))", "Authorization: Token \(token)",
        "Authorization: Bearer \(tokens.table.tokens[0].digest.hexadecimal)",
        "X-Authorization: Bearer \(token)", "X-Auth-Token: \(token)", "Cookie: token=\(token)",
        "Proxy-Authorization: Bearer \(token)", "X-Forwarded-User: admin",
      ] {
        let reply = try await server.curl("/v1/services", ["-H", header])
        #expect(reply.status == 401, "\(header)")
        #expect(reply.headers["www-authenticate"]?.hasPrefix("Bearer") == true)
        #expect(!reply.body.contains(token.dropFirst(9)))
      }
      for query in ["access_token=\(token)", "token=\(token)"] {
        #expect(try await server.curl("/v1/services?\(query)").status == 401)
      }
      let userInfo = try await Reply.fromCurl(
        ["http://\(token):@127.0.0.1:\(server.port)/v1/services"], body: nil)
      #expect(userInfo.status == 401)
    }
  }

  @Test("Two Authorization fields are 400, right ones too")
  func twoFields() async throws {
    let tokens = try TestTokens.usual()
    try await withServer(tokens: tokens.table) { server in
      let right = ["-H", "Authorization: Bearer \(tokens["reader"])"]
      for second in ["Bearer \(tokens["reader"])", "Bearer x", "Basic eDp5"] {
        for fields in [
          right + ["-H", "authorization: \(second)"],
          ["-H", "authorization: \(second)"] + right,
        ] {
          let reply = try await server.curl("/v1/services", fields)
          #expect(reply.status == 400)
          #expect(try reply.problem().field == "Authorization")
        }
      }
    }
  }

  @Test("A token is one until the moment it expires")
  func expiry() async throws {
    var tokens = TestTokens()
    try tokens.add("over", .read, "*", expiresAt: testTime)
    try tokens.add("last", .read, "*", expiresAt: testTime + 1)
    try await withServer(tokens: tokens.table) { server in
      let over = try await server.with(tokens, "over").curl("GET", "/v1/services")
      let zeros = String(repeating: "0", count: 64)
      let unknown = try await server.curl(
        "/v1/services", ["-H", "Authorization: Bearer rollcall_\(zeros)"])
      #expect(over.status == 401)
      #expect(over.body == unknown.body)
      #expect(try await server.with(tokens, "last").curl("GET", "/v1/services").status == 200)
    }
  }

  @Test("From a reload on the new tokens count, and those before no longer")
  func replacement() async throws {
    let before = try TestTokens.usual()
    let after = try TestTokens.usual()
    try await withServer(tokens: before.table) { server in
      let (old, new) = (server.with(before, "reader"), server.with(after, "reader"))
      var statuses = [try await old.curl("GET", "/v1/services").status]
      server.access.replaceTokens(after.table)
      statuses.append(try await old.curl("GET", "/v1/services").status)
      statuses.append(try await new.curl("GET", "/v1/services").status)
      #expect(statuses == [200, 401, 200])
      #expect(server.access.tokenCount == 6)
    }
  }

  @Test("Where tokens are needed any Host will do, where not another one is 421 whatever is sent")
  func host() async throws {
    let tokens = try TestTokens.usual()
    let field = ["-H", "Authorization: Bearer \(tokens["reader"])"]
    try await withServer(tokens: tokens.table) { server in
      let other = ["-H", "Host: registry.example"]
      let none = ["-H", "Host:"] + field
      for (arguments, status) in [(other + field, 200), (other, 401), (none, 400)] {
        let reply = try await server.curl("/v1/services", arguments)
        #expect(reply.status == status, "\(arguments)")
      }
    }
    try await withServer { server in
      let other = ["-H", "Host: registry.example"] + field
      for (arguments, status) in [(other, 421), (field, 200)] {
        let reply = try await server.curl("/v1/services", arguments)
        #expect(reply.status == status, "\(arguments)")
      }
    }
  }

  @Test("No line of the log, at any level, has a token or its digest")
  func notLogged() async throws {
    let tokens = try TestTokens.usual()
    let wrong = "rollcall_" + String(repeating: "b", count: 64)
    try await withServer(tokens: tokens.table) { server in
      let writer = server.with(tokens, "writer")
      _ = try await writer.put("web")
      _ = try await writer.curl("GET", "/v1/services?access_token=\(tokens["writer"])")
      _ = try await server.curl("/v1/services", ["-H", "Authorization: Bearer \(wrong)"])
      let text = server.log.lines.map { "\($0.message) \($0.metadata)" }.joined(separator: "\n")
      #expect(text.contains("/v1/services/web/instances/a"))
      #expect(!text.contains(tokens["writer"].dropFirst(9)) && !text.contains(wrong.dropFirst(9)))
      for token in tokens.table.tokens { #expect(!text.contains(token.digest.hexadecimal)) }
    }
  }
}
