// The web page as the program serves it. What a browser makes of it is tested by tools/page.

import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("The web page")
  struct WebPage {
    private static let script = "/page/page.js"

    @Test("The page and all files that it names are there, each of its kind")
    func files() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let kinds = ["css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"]
        var waiting = ["/"]
        var seen: [String: PageReply] = [:]
        while let path = waiting.popLast() {
          let reply = try await server.page(path)
          let ending = path.split(separator: ".").last.map(String.init) ?? ""
          #expect(reply.status == 200, "\(path)")
          #expect(reply["content-type"]?.hasPrefix(kinds[ending] ?? "text/html") == true, "\(path)")
          seen[path] = reply
          let named =
            reply.body.matches(of: /(?:href|src)=\x22(\/[^\x22]*)\x22/).map { String($0.1) }
            + reply.body.matches(of: /from \x22\.(\/[a-z-]+\.js)\x22/).map { "/page\($0.1)" }
          waiting += named.filter { seen[$0] == nil && !waiting.contains($0) }
        }
        #expect(seen.count == 16)
        let length = seen.values.reduce(0) { $0 + $1.body.utf8.count }
        #expect(length < 80 * 1024, "\(length) octets")
      }
    }

    @Test("Nothing of the page is inline or from elsewhere, and its policy allows nothing else")
    func policy() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        for path in ["/", Self.script] {
          let reply = try await server.page(path)
          let policy = reply["content-security-policy"] ?? ""
          let rules = policy.components(separatedBy: "; ")
          for rule in [
            "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
            "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
          ] {
            #expect(rules.contains(rule), "\(rule)")
          }
          #expect(!policy.contains("unsafe") && !policy.contains("*") && !policy.contains("http"))
          #expect(reply["x-content-type-options"] == "nosniff")
          #expect(reply["referrer-policy"] == "no-referrer")
          #expect(reply["access-control-allow-origin"] == nil)
        }
        let page = try await server.page("/").body
        #expect(page.matches(of: /<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=/).isEmpty)
        #expect(page.matches(of: /(?:href|src|action)=\x22(?:https?:)?[\/]{2}/).isEmpty)
      }
    }

    @Test("A browser asks whether a file is still the same, and is sent it only if it is not")
    func caching() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        for path in ["/", Self.script] {
          let first = try await server.page(path)
          let tag = try #require(first["etag"])
          #expect(first["cache-control"] == "no-cache")
          let same = try await server.page(path, ["-H", "If-None-Match: W/\"1\", \(tag)"])
          #expect(same.status == 304 && same.body == "" && same["etag"] == tag)
          #expect(same["content-security-policy"] == first["content-security-policy"])
          let other = try await server.page(path, ["-H", "If-None-Match: \"1\""])
          #expect(other.status == 200 && other.body == first.body)
        }
        #expect(try await server.page("/")["etag"] != server.page(Self.script)["etag"])
      }
    }

    @Test("The page can be read and nothing else; beside its files there is nothing")
    func methods() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        for path in ["/", Self.script] {
          let head = try await server.page(path, ["--head"])
          #expect(head.status == 200 && head.body == "" && head["etag"] != nil)
          for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let reply = try await server.page(path, ["-X", method])
            #expect(reply.status == 405 && reply["allow"] == "GET, HEAD", "\(method)")
          }
        }
        for path in ["/page", "/page/", "/page/other.js", "/page.js", "/index.html", "//"] {
          #expect(try await server.page(path).status == 404, "\(path)")
        }
      }
    }

    @Test("A page of another name or site does not get it (DNS rebinding)")
    func host() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        for path in ["/", Self.script] {
          for host in ["rebound.example", "127.0.0.2"] {
            #expect(try await server.page(path, ["-H", "Host: \(host)"]).status == 421)
          }
          let origin = try await server.page(path, ["-H", "Origin: http://other.example"])
          #expect(origin.status == 403)
        }
      }
    }

    @Test("Where tokens are needed the page is there without one, and shows nothing")
    func tokens() async throws {
      try await withSite { site in
        let made = try await site.rollcall([
          "token", "new", "--name", "a", "--scope", "read", "--services", "web", "--file",
          "tokens.yaml",
        ])
        #expect(made.isSuccess)
        let server = try await site.startServer(["--tokens", "tokens.yaml"])
        for path in ["/", Self.script] {
          #expect(try await server.page(path).status == 200)
        }
        for path in ["/v1/services", "/v1/services/web/instances", "/v1/events"] {
          #expect(try await server.page(path).status == 401)
        }
      }
    }
  }
}

/// A reply with its header.
private struct PageReply {
  let status: Int
  let body: String
  private let headers: [String: String]

  init(_ text: String) {
    let parts = text.replacing("\r\n", with: "\n").split(
      separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
    let lines = parts[0].split(separator: "\n")
    status = lines.first.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
    body = parts.count > 1 ? String(parts[1]) : ""
    headers = Dictionary(
      lines.dropFirst().compactMap { line in
        guard let colon = line.firstRange(of: ": ") else { return nil }
        return (line[..<colon.lowerBound].lowercased(), String(line[colon.upperBound...]))
      }, uniquingKeysWith: { "\($0), \($1)" })
  }

  subscript(_ name: String) -> String? { headers[name] }
}

extension RunningServer {
  fileprivate func page(_ path: String, _ arguments: [String] = []) async throws -> PageReply {
    let output = try await site.run(
      ["curl", "-sSi", "--noproxy", "*", "--max-time", "15", "--path-as-is"] + arguments
        + ["http://\(ready.http)\(path)"])
    guard output.isSuccess else { throw Failure("curl: \(output.end) \(output.errors)") }
    return PageReply(output.text)
  }
}
