// `rollcall watch`.

import Foundation
import Glibc
import TestSupport
import Testing

extension EndToEnd {
  @Suite("rollcall watch")
  struct WatchCommandTests {
    @Test("It prints a line for each change, of the services that are named, and ends with 0")
    func lines() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let watching = try await Watching(server, "web", "db")
        _ = try await server.put("other", "o", #"{"address": "10.0.0.9"}"#)
        _ = try await server.put("web", "a", #"{"address": "10.0.0.1", "port": 80}"#)
        #expect(try await server.ask("configure", "db", "--ttl", "9").isSuccess)
        #expect(try await server.ask("deregister", "web", "a").isSuccess)
        try await wait(for: "three lines") { watching.lines.count == 3 }
        #expect(
          watching.words == [
            "2 registered web a passing 10.0.0.1 port 80", "3 service-configured db",
            "4 deregistered web a",
          ])
        watching.child.send(SIGINT)
        #expect(try await watching.child.waitForEnd() == .exit(0))
        #expect(watching.errors.isEmpty)
      }
    }

    @Test("--json prints objects, --count ends it, and --for before that is status 1")
    func scripts() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let watching = try await Watching(server, "--json", "--count", "2")
        for id in ["a", "b", "c"] {
          _ = try await server.put("web", id, #"{"address": "10.0.0.1"}"#)
        }
        #expect(try await watching.child.waitForEnd() == .exit(0))
        let objects = watching.lines.compactMap {
          try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
        #expect(objects.map { $0["event"] as? String } == ["registered", "registered"])
        #expect(objects.map { $0["id"] as? String } == ["a", "b"])
        #expect(objects.map { $0["revision"] as? Int } == [1, 2])
        let instance = objects.first?["instance"] as? [String: Any]
        #expect(instance?["status"] as? String == "passing")
        let late = try await server.ask("watch", "--count", "1", "--for", "1")
        expectOneLine(late, naming: ["fewer events than 1"])
        #expect(late.end == .exit(1))
        #expect(try await server.ask("watch", "--for", "1").isSuccess)
      }
    }

    @Test("It goes on where it was when the server comes back, and says what can't be told")
    func resumption() async throws {
      try await withSite { site in
        let first = try await site.startServer()
        let watching = try await Watching(first)
        _ = try await first.put("web", "a", #"{"address": "10.0.0.1", "lease_seconds": null}"#)
        try await wait(for: "the first line") { watching.lines.count == 1 }
        first.child.send(SIGTERM)
        _ = try await first.child.waitForEnd()
        try await wait(for: "a word of the loss") { watching.errors.contains("trying again") }
        let second = try await first.startAgain()
        try await wait(for: "a word of the return") {
          watching.errors.contains("connected again")
        }
        _ = try await second.put("web", "b", #"{"address": "10.0.0.2", "lease_seconds": null}"#)
        try await wait(for: "the second line") { watching.lines.count == 2 }
        #expect(watching.words[1].hasPrefix("2 registered web b passing"))
        // A server with another database does not know what was before.
        second.kill()
        try FileManager.default.removeItem(atPath: site.path("data"))
        _ = try await second.startAgain()
        try await wait(for: "the third line") { watching.lines.count == 3 }
        #expect(watching.words[2].hasPrefix("0 reset "))
        watching.child.send(SIGTERM)
        #expect(try await watching.child.waitForEnd() == .exit(0))
      }
    }

    @Test("A token that is refused ends it, at first and later; so does a server never there")
    func refusals() async throws {
      try await withSite { site in
        let file = ["--file", site.path("tokens.yaml")]
        let made = try await site.rollcall(
          ["token", "new", "--name", "a", "--scope", "read", "--services", "*"] + file)
        let token = ["ROLLCALL_TOKEN": made.text.trimmingCharacters(in: .newlines)]
        let server = try await site.startServer(["--tokens", site.path("tokens.yaml")])
        let stranger = try await server.ask("watch")
        expectOneLine(stranger, naming: ["wants a token"])
        #expect(stranger.end == .exit(1))
        let watching = try site.start(
          [Site.program, "watch"],
          environment: ["ROLLCALL_SERVER": server.url].merging(token) { $1 },
          output: "watch", errors: "watch-errors")
        try await wait(for: "the watcher") {
          try await site.run(
            ["curl", "-sf", "--noproxy", "*", "http://\(server.ready.http)/metrics", "-H"]
              + ["Authorization: Bearer \(token["ROLLCALL_TOKEN"] ?? "")"]
          ).text.contains("rollcall_watchers{kind=\"stream\"} 1\n")
        }
        #expect(try await site.rollcall(["token", "revoke"] + file + ["a"]).isSuccess)
        server.kill()
        _ = try await server.startAgain(["--tokens", site.path("tokens.yaml")])
        #expect(try await watching.waitForEnd() == .exit(1))
        #expect(Site.text(of: site.path("watch-errors")).contains("does not know this token"))
        let nobody = try await site.rollcall(
          ["watch", "--retry", "0"], environment: ["ROLLCALL_SERVER": "http://127.0.0.1:1"])
        #expect(nobody.end == .exit(3))
      }
    }
  }
}
