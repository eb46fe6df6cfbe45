// `rollcall token`, the tokens file, and the server that reads it.

import Foundation
import Glibc
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Tokens")
  struct Tokens {
    private static let file = ["--file", "tokens.yaml"]

    /// Makes a token and gives its text.
    private func makeToken(
      _ site: Site, _ name: String, _ scope: String, _ arguments: [String] = ["--services", "*"]
    ) async throws -> String {
      let output = try await site.rollcall(
        ["token", "new", "--name", name, "--scope", scope] + arguments + Self.file)
      guard output.isSuccess else { throw Failure("no token: \(output.errors)") }
      return output.text.trimmingCharacters(in: .newlines)
    }

    private func status(
      _ server: RunningServer, _ token: String?, _ method: String, _ path: String
    ) async throws -> String {
      let field = token.map { ["-H", "Authorization: Bearer \($0)"] } ?? []
      return try await server.site.run(
        ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--noproxy", "*", "-X", method]
          + field + ["--json", #"{"address":"10.0.0.1"}"#, "http://\(server.ready.http)\(path)"]
      ).text
    }

    @Test("A new token works at once, and until it is revoked and the server told")
    func life() async throws {
      try await withSite { site in
        let admin = try await makeToken(site, "admin", "admin")
        #expect(admin.wholeMatch(of: /rollcall_[0-9a-f]{64}/) != nil)
        #expect(!Site.text(of: site.path("tokens.yaml")).contains(admin.dropFirst(9)))
        let server = try await site.startServer(["--tokens", "tokens.yaml"])
        let path = "/v1/services/web.prod/instances/a"
        #expect(try await status(server, nil, "PUT", path) == "401")
        #expect(try await status(server, admin, "PUT", path) == "201")
        #expect(try await status(server, nil, "GET", "/readyz") == "200")

        let narrow = try await makeToken(
          site, "ci", "write", ["--services", "*.dev", "--addresses", "10.0.0.0/8"])
        #expect(try await status(server, narrow, "PUT", path) == "401")
        server.child.send(SIGHUP)
        try await wait(for: "the new token") {
          try await status(server, narrow, "PUT", "/v1/services/web.dev/instances/a") == "201"
        }
        #expect(try await status(server, narrow, "PUT", path) == "403")
        #expect(server.log.contains("audit by=ci from=127.0.0.1 id=a revision=2 service=web.dev"))

        let revoked = try await site.rollcall(["token", "revoke", "ci"] + Self.file)
        #expect(revoked.isSuccess)
        server.child.send(SIGHUP)
        try await wait(for: "the end of the token") {
          try await status(server, narrow, "GET", "/v1/services") == "401"
        }
        #expect(try await status(server, admin, "GET", "/v1/services") == "200")
        for token in [admin, narrow] { #expect(!server.log.contains(token.dropFirst(9))) }
      }
    }

    @Test("A broken file keeps the tokens before, and the log says what is wrong")
    func brokenReload() async throws {
      try await withSite { site in
        let token = try await makeToken(site, "reader", "read")
        let server = try await site.startServer(["--tokens", "tokens.yaml"])
        try site.write("- name: x\n  scop: read\n", to: "tokens.yaml")
        server.child.send(SIGHUP)
        try await wait(for: "a line about it") { server.log.contains("tokens not reloaded") }
        #expect(server.log.contains("tokens.yaml:1: 'scop' is no field"))
        #expect(try await status(server, token, "GET", "/v1/services") == "200")
      }
    }

    @Test("list shows what each token allows, never the token")
    func list() async throws {
      try await withSite { site in
        let token = try await makeToken(
          site, "ci", "write",
          ["--services", "*.prod", "--services", "web", "--addresses", "10.0.0.0/8"])
        _ = try await makeToken(
          site, "long-name", "read", ["--services", "*", "--expires", "2030-12-31T00:00:00Z"])
        let table = try await site.rollcall(["token", "list"] + Self.file)
        let lines = table.text.split(separator: "\n").map {
          $0.split(separator: " ").map(String.init)
        }
        #expect(
          lines == [
            ["NAME", "SCOPE", "SERVICES", "ADDRESSES", "EXPIRES"],
            ["ci", "write", "*.prod,web", "10.0.0.0/8", "never"],
            ["long-name", "read", "*", "any", "2030-12-31T00:00:00Z"],
          ])
        let json = try await site.rollcall(
          ["token", "list", "--json"], environment: ["ROLLCALL_TOKENS": "tokens.yaml"])
        let list = try #require(
          try JSONSerialization.jsonObject(with: Data(json.text.utf8)) as? [[String: Any]])
        #expect(list.map { $0["name"] as? String } == ["ci", "long-name"])
        #expect(list[0]["services"] as? [String] == ["*.prod", "web"])
        #expect(list[0]["token"] == nil && list[0]["sha256"] == nil)
        #expect(!table.text.contains(token.dropFirst(9)) && !json.text.contains(token.dropFirst(9)))
      }
    }

    @Test("Tokens made at the same time are all in the file")
    func concurrent() async throws {
      try await withSite { site in
        try await withThrowingTaskGroup(of: String.self) { group in
          for number in 0..<12 {
            group.addTask { try await makeToken(site, "t\(number)", "read") }
          }
          let texts = try await group.reduce(into: Set<String>()) { $0.insert($1) }
          #expect(texts.count == 12)
        }
        let list = try await site.rollcall(["token", "list"] + Self.file)
        #expect(list.text.split(separator: "\n").count == 13)
        let files = try FileManager.default.contentsOfDirectory(atPath: site.directory)
        #expect(files.filter { $0.hasPrefix("tokens") } == ["tokens.yaml"])
      }
    }

    @Test("A change keeps the file's permissions, and what a link leads to")
    func permissions() async throws {
      try await withSite { site in
        _ = try await makeToken(site, "a", "read")
        #expect(try mode(site.path("tokens.yaml")) == 0o644)
        chmod(site.path("tokens.yaml"), 0o640)
        symlink(site.path("tokens.yaml"), site.path("link.yaml"))
        let output = try await site.rollcall(
          ["token", "new", "--name", "b", "--scope", "read", "--services", "*"]
            + ["--file", "link.yaml", "--json"])
        let object = try JSONDecoder().decode(
          [String: JSONValue].self, from: Data(output.text.utf8))
        #expect(object["name"] == .text("b") && object["token"] != nil)
        #expect(try mode(site.path("tokens.yaml")) == 0o640)
        let list = try await site.rollcall(["token", "list"] + Self.file)
        #expect(list.text.contains("b "))
        let link = try FileManager.default.destinationOfSymbolicLink(atPath: site.path("link.yaml"))
        #expect(link.hasSuffix("tokens.yaml"))
      }
    }

    private enum JSONValue: Decodable, Equatable {
      case text(String)
      case list

      init(from decoder: any Decoder) throws {
        let text = try? decoder.singleValueContainer().decode(String.self)
        self = text.map(JSONValue.text) ?? .list
      }
    }

    private func mode(_ path: String) throws -> mode_t {
      var status = Glibc.stat()
      guard lstat(path, &status) == 0 else { throw Failure("no \(path)") }
      return status.st_mode & 0o777
    }

    // MARK: What is refused

    private static let digest = String(repeating: "0", count: 64)

    @Test(
      "A tokens file that is wrong is refused with line and field, by --check as by serve",
      arguments: [
        ("name: x\n", ["must hold a list"]),
        ("- x\n", [":1: ", "fields"]),
        ("- name: x\n", [":1: ", "sha256 is missing"]),
        ("- {name: x, sha256: DIGEST, scope: read}\n", [":1: ", "services"]),
        ("\n- {name: x, sha256: DIGEST, services: [web]}\n", [":2: ", "scope is missing"]),
        ("- {name: x, sha256: 00, scope: read, services: [web]}\n", ["sha256", "64"]),
        (
          "- {name: x, sha256: DIGEST, scope: all, services: [web]}\n", ["scope", "'all'", "admin"]
        ),
        ("- {name: x, sha256: DIGEST, scope: read, services: [we_b]}\n", ["services", "'we_b'"]),
        ("- {name: x, sha256: DIGEST, scope: read, services: [*.prod]}\n", [":1: ", "quotes"]),
        ("- {name: x, sha256: DIGEST, scope: read, services: [[a]]}\n", ["services", "list"]),
        (
          "- {name: x, sha256: DIGEST, scope: read, services: [a], addresses: 10.0.0.1/8}\n",
          ["addresses", "'10.0.0.1/8'"]
        ),
        (
          "- {name: x, sha256: DIGEST, scope: read, services: [a], expires: soon}\n",
          ["expires", "2030-12-31"]
        ),
        (
          "- {name: x, sha256: DIGEST, scope: read, services: [a], token: rollcall_1}\n",
          ["'token' is no field"]
        ),
        ("- {name: x y, sha256: DIGEST, scope: read, services: [a]}\n", ["name"]),
        (
          "- {name: x, sha256: DIGEST, scope: read, services: [a]}\n"
            + "- {name: y, sha256: DIGEST, scope: read, services: [a]}\n", [":2: ", "sha256"]
        ),
        ("- {name: x, name: y, sha256: DIGEST, scope: read, services: [a]}\n", ["name"]),
        ("- [\n", [":"]),
      ])
    func wrongFile(text: String, named: [String]) async throws {
      try await withSite { site in
        try site.write(
          text.replacingOccurrences(of: "DIGEST", with: "\"\(Self.digest)\""), to: "tokens.yaml")
        for check in [["--check"], ["--dns", "127.0.0.1:0", "--http", "127.0.0.1:0"]] {
          let output = try await site.rollcall(
            ["serve", "--tokens", "tokens.yaml", "--data", "data"] + check)
          expectOneLine(output, naming: ["tokens.yaml"] + named)
          #expect(!output.errors.contains("rollcall_1"))
        }
      }
    }

    @Test("A file that is missing, no file, or that everybody may write to is refused")
    func unsafeFile() async throws {
      try await withSite { site in
        func check(_ path: String) async throws -> Site.Output {
          try await site.rollcall(["serve", "--check", "--tokens", path])
        }
        expectOneLine(try await check("none.yaml"), naming: ["none.yaml", "No such file"])
        expectOneLine(try await check("zones"), naming: ["zones", "no file"])
        _ = try await makeToken(site, "a", "read")
        chmod(site.path("tokens.yaml"), 0o646)
        expectOneLine(try await check("tokens.yaml"), naming: ["tokens.yaml", "chmod o-w"])
        let change = try await site.rollcall(["token", "revoke", "a"] + Self.file)
        expectOneLine(change, naming: ["chmod o-w"])
        chmod(site.path("tokens.yaml"), 0o644)
        #expect(try await check("tokens.yaml").isSuccess)
      }
    }

    @Test("An empty file is no token: nobody gets in")
    func emptyFile() async throws {
      try await withSite { site in
        for text in ["", "# none yet\n", "[]\n"] {
          try site.write(text, to: "tokens.yaml")
          let server = try await site.startServer(["--tokens", "tokens.yaml"])
          #expect(try await status(server, nil, "GET", "/v1/services") == "401")
          server.kill()
        }
      }
    }

    @Test("What token can't do is one line, and the file stays as it was")
    func wrongCommand() async throws {
      try await withSite { site in
        _ = try await makeToken(site, "a", "read")
        let before = Site.text(of: site.path("tokens.yaml"))
        let wrong: [([String], [String])] = [
          (["new", "--name", "a", "--scope", "read", "--services", "web"], ["name", "'a'"]),
          (["new", "--name", "b c", "--scope", "read", "--services", "web"], ["name"]),
          (["new", "--name", "b", "--scope", "all", "--services", "web"], ["scope", "'all'"]),
          (
            ["new", "--name", "b", "--scope", "read", "--services", "web."], ["services", "'web.'"]
          ),
          (["revoke", "b"], ["tokens.yaml", "'b'"]),
        ]
        for (arguments, named) in wrong {
          let output = try await site.rollcall(["token"] + arguments + Self.file)
          expectOneLine(output, naming: named)
          #expect(output.text.isEmpty)
        }
        #expect(Site.text(of: site.path("tokens.yaml")) == before)
        expectOneLine(try await site.rollcall(["token", "list"]), naming: ["--file"])
      }
    }
  }
}
