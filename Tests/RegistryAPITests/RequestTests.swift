// What is checked of every request before the registry is asked.

import Foundation
import Testing

@Suite("Requests") struct RequestTests {
  static let path = "/v1/services/web/instances/a"
  static let body = #"{"address": "10.0.0.1"}"#

  @Test(
    "A path that leads nowhere is 404",
    arguments: [
      "/v1", "/v2/services", "/v1/services/", "/v1//services", "/v1/services/web/",
      "/v1/services/web/instances/", "/v1/services/web/instances/a/",
      "/v1/services/web/instances/a/renew/", "/v1/services/web/other", "/healthz/", "/V1/services",
      "/v1/services/web/instances/a/b", "/v1/services/../services",
    ])
  func unknownPath(path: String) async throws {
    try await withServer { server in
      let reply = try await server.curl(path)
      #expect(reply.status == 404)
      #expect(reply.headers["content-type"] == "application/problem+json")
      #expect(try reply.problem().type == "urn:rollcall:problem:unknown-path")
    }
  }

  @Test("A request that asks for another protocol is answered, and is its connection's last")
  func upgrade() async throws {
    try await withServer { server in
      let reply = try await server.curl(
        "/healthz", ["-H", "Connection: Upgrade, HTTP2-Settings", "-H", "Upgrade: h2c"])
      #expect(reply.status == 200)
      #expect(reply.headers["connection"] == "close")
      #expect(try await server.curl("/healthz").headers["connection"] != "close")
    }
  }

  @Test(
    "A percent sign without two digits is 400",
    arguments: ["/v1/services/%", "/v1/services/%4", "/v1/services/%zz", "/v1/services/%ff"])
  func badPath(path: String) async throws {
    try await withServer { server in
      let problem = try await server.curl(path).problem()
      #expect((problem.status, problem.type) == (400, "urn:rollcall:problem:bad-path"))
    }
  }

  @Test(
    "A method that a path does not take is 405 and the reply lists those it takes",
    arguments: [
      ("POST", path, "GET, PUT, DELETE, HEAD"), ("GET", path + "/renew", "POST"),
      ("PUT", "/v1/services", "GET, HEAD"), ("OPTIONS", "/v1/services", "GET, HEAD"),
      ("DELETE", "/healthz", "GET, HEAD"), ("PATCH", "/v1/services", "GET, HEAD"),
    ])
  func wrongMethod(method: String, path: String, allowed: String) async throws {
    try await withServer { server in
      let reply = try await server.curl(path, ["-X", method])
      #expect((reply.status, reply.headers["allow"]) == (405, allowed))
      #expect(try reply.problem().type == "urn:rollcall:problem:wrong-method")
    }
  }

  @Test("HEAD is answered like GET, errors too")
  func head() async throws {
    try await withServer { server in
      let found = try await server.curl("/v1/services", ["--head"])
      #expect((found.status, found.body) == (200, ""))
      let unknown = try await server.curl(Self.path, ["--head"])
      #expect((unknown.status, unknown.body) == (404, ""))
    }
  }

  // MARK: Bodies

  @Test("A body of 64 KiB is taken, one octet more is 413")
  func bodyLimit() async throws {
    try await withServer { server in
      let padding = String(repeating: " ", count: 65_536 - Self.body.utf8.count)
      #expect(try await server.put(Self.path, Self.body + padding).status == 201)
      let reply = try await server.put(Self.path, Self.body + padding + " ")
      #expect(reply.status == 413)
      #expect(try reply.problem().limit == 65_536)
      // Without Content-Length.
      let chunked = try await server.curl(
        Self.path,
        [
          "-X", "PUT", "-H", "Content-Type: application/json", "-H", "Transfer-Encoding: chunked",
          "--data-binary", "@-",
        ], body: Data((Self.body + padding + " ").utf8))
      #expect(chunked.status == 413)
    }
  }

  @Test(
    "A body that is not said to be JSON is 415",
    arguments: [
      "Content-Type:", "Content-Type: text/plain", "Content-Type: application/jsonp",
      "Content-Type: application/x-www-form-urlencoded", "Content-Encoding: gzip",
    ])
  func contentType(header: String) async throws {
    try await withServer { server in
      let other = header.hasPrefix("Content-Type") ? [] : ["-H", "Content-Type: application/json"]
      for (method, path) in [("PUT", Self.path), ("POST", Self.path + "/renew")] {
        let reply = try await server.curl(
          path, ["-X", method, "-H", header, "-d", Self.body] + other)
        #expect(reply.status == 415)
        #expect(try reply.problem().type == "urn:rollcall:problem:not-json")
      }
    }
  }

  @Test(
    "JSON may be said with parameters and in any case",
    arguments: ["application/json;charset=utf-8", "Application/JSON ; charset=UTF-8"])
  func contentTypeParameters(type: String) async throws {
    try await withServer { server in
      let reply = try await server.curl(
        Self.path, ["-X", "PUT", "-H", "Content-Type: \(type)", "-d", Self.body])
      #expect(reply.status == 201)
    }
  }

  // MARK: Host and Origin

  @Test("Another host is 421, so that no web page's host name leads here")
  func otherHost() async throws {
    try await withServer(allowedHosts: ["Registry.example", "192.0.2.1"]) { server in
      for host in [
        "evil.example", "127.0.0.2", "127.0.0.1.evil.example", "[::1]", "localhost.evil.example",
        "evil.example:\(server.port)",
      ] {
        let header = ["-H", "Host: \(host)"]
        for reply in [
          try await server.curl("/v1/services", header),
          try await server.curl(Self.path, header + ["-X", "PUT", "-d", Self.body]),
        ] {
          #expect(reply.status == 421, "\(host)")
          #expect(try reply.problem().type == "urn:rollcall:problem:other-host")
        }
      }
      for host in [
        "127.0.0.1", "127.0.0.1:1", "localhost", "LOCALHOST:8053", "registry.example",
        "REGISTRY.example:80", "192.0.2.1:99",
      ] {
        let reply = try await server.curl("/v1/services", ["-H", "Host: \(host)"])
        #expect(reply.status == 200, "\(host)")
      }
    }
  }

  @Test("On a wildcard the address that was used is this host")
  func wildcard() async throws {
    try await withServer(on: "0.0.0.0") { server in
      #expect(try await server.curl("/v1/services").status == 200)
      let other = try await server.curl("/v1/services", ["-H", "Host: 0.0.0.0"])
      #expect(other.status == 421)
    }
  }

  @Test(
    "A Host that is missing or malformed is 400",
    arguments: ["Host:", "Host: a:b", "Host: [::1", "Host: [x]", "Host: [::1]x", "Host: a:65536"])
  func badHost(header: String) async throws {
    try await withServer { server in
      let reply = try await server.curl("/v1/services", ["-H", header])
      #expect(reply.status == 400)
      #expect(try reply.problem().field == "Host")
    }
  }

  @Test("A page of another origin is 403; no reply allows one")
  func otherOrigin() async throws {
    try await withServer { server in
      for origin in [
        "http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1",
        "http://127.0.0.1:\(server.port).evil.example", "http://localhost:\(server.port)",
      ] {
        let reply = try await server.curl(
          Self.path + "/renew", ["-X", "POST", "-H", "Origin: \(origin)"])
        #expect(reply.status == 403, "\(origin)")
        #expect(try reply.problem().type == "urn:rollcall:problem:other-origin")
        #expect(reply.headers["access-control-allow-origin"] == nil)
      }
      let own = try await server.curl(
        "/v1/services", ["-H", "Origin: http://127.0.0.1:\(server.port)"])
      #expect(own.status == 200)
      #expect(own.headers["access-control-allow-origin"] == nil)
      let defaultPort = try await server.curl(
        "/v1/services", ["-H", "Host: localhost:80", "-H", "Origin: http://localhost"])
      #expect(defaultPort.status == 200)
    }
  }
}
