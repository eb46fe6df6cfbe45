// Saving what is registered, and going on with it elsewhere.

import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Saving and moving")
  struct Saving {
    /// What was registered, as DNS and the API show it.
    private func state(of server: RunningServer) async throws -> [String] {
      let dns = try await server.digShort("web.mesh.internal", "A").sorted()
      let instance = try await server.curl("GET", "/v1/services/web.prod/instances/a")
      let members = ["addresses", "ports", "tags", "metadata", "revision"]
      return dns + members.map { instance[$0] ?? "" }
    }

    private func startFilled(_ site: Site) async throws -> RunningServer {
      let server = try await site.startServer()
      try await server.registerThree()
      try await server.register(
        "web.prod", "a",
        #"""
        {"addresses": ["10.1.0.1", "fd00::1"], "port": 80, "tags": ["v2"],
         "ports": {"dns": {"port": 53, "protocol": "udp"}}, "metadata": {"k": "ä \" \\ \u0001"},
         "lease_seconds": null}
        """#)
      return server
    }

    @Test("A backup of a running server is what another server starts with")
    func backup() async throws {
      try await withSite { site in
        let server = try await startFilled(site)
        let expected = try await state(of: server)
        let output = try await site.rollcall(["backup", "--data", "data", "--to", "saved.db"])
        #expect(output.isSuccess, "\(output.errors)")
        let mode = try FileManager.default.attributesOfItem(atPath: site.path("saved.db"))
        #expect(mode[.posixPermissions] as? Int == 0o600)
        let again = try await site.rollcall(["backup", "--data", "data", "--to", "saved.db"])
        expectOneLine(again, naming: ["saved.db", "already"])
        // What comes after it is not in it.
        try await server.register("web", "late", #"{"address": "10.0.0.9"}"#)

        server.kill()
        try FileManager.default.removeItem(atPath: site.path("data"))
        try FileManager.default.createDirectory(
          atPath: site.path("data"), withIntermediateDirectories: false)
        try FileManager.default.moveItem(
          atPath: site.path("saved.db"), toPath: site.path("data/rollcall.db"))
        let restored = try await server.startAgain()
        #expect(try await state(of: restored) == expected)
      }
    }

    @Test("What a running server exports is imported into another, and exported the same")
    func export() async throws {
      try await withSite { site in
        let server = try await startFilled(site)
        let expected = try await state(of: server)
        let saved = try await site.rollcall(["export", "--data", "data", "--to", "saved.jsonl"])
        #expect(saved.isSuccess, "\(saved.errors)")
        let lines = Site.text(of: site.path("saved.jsonl")).split(separator: "\n")
        #expect(lines.count == 1 + 2 + 4)
        #expect(lines[0].contains(#""format":"rollcall-export""#))

        expectOneLine(
          try await site.rollcall(["import", "saved.jsonl", "--data", "data"]),
          naming: ["data", "in use"])
        let output = try await site.rollcall(
          ["import", "saved.jsonl", "--data", "other", "--json"])
        #expect(output.isSuccess, "\(output.errors)")
        #expect(output.text.contains(#""services":2,"instances":4"#))
        expectOneLine(
          try await site.rollcall(["import", "saved.jsonl", "--data", "other"]),
          naming: ["other", "--replace"])
        let again = try await site.rollcall(
          ["import", "saved.jsonl", "--data", "other", "--replace"])
        #expect(again.isSuccess, "\(again.errors)")
        let exported = try await site.rollcall(["export", "--data", "other"])
        #expect(exported.text == Site.text(of: site.path("saved.jsonl")))

        server.kill()
        let moved = try await server.startAgain(["--data", "other"])
        #expect(try await state(of: moved) == expected)
      }
    }

    /// Changes of an export, as `sed` makes them, and what the one line names.
    static let faults: [(change: String, words: [String])] = [
      ("1d", [":1:", "rollcall export"]),
      (#"s/"version":1/"version":9/"#, [":1:", "later version"]),
      ("2s/web/we b/", [":2:", "we b"]),
      ("2d", [":3:", "web", "no line before it"]),
      ("4p", [":5:", "twice"]),
      (#"4s/10.0.0.1/224.0.0.1/"#, [":4:", "multicast"]),
      (#"4s/"revision":1/"revision":99/"#, [":4:", "revision"]),
      (#"4s/"revision"/"reversion"/"#, [":4:", "reversion", "unknown"]),
      (#"4s/"id":"web-1"/"id":"tag"/"#, [":4:", "tag"]),
      (#"4s/"registered_at":[0-9]*/"registered_at":-1/"#, [":4:", "registered_at", "from 0"]),
      (#"4s/"registered_at":[0-9]*,//"#, [":4:", "missing"]),
      ("4s/}$//", [":4:", "JSON"]),
      (#"4s/"id":"web-1"/"id":"prod"/;3s/web.prod/prod.web/;7s/web.prod/prod.web/"#, ["prod.web"]),
    ]

    @Test("A line that is wrong is named, and nothing is changed", arguments: faults)
    func wrongLine(change: String, words: [String]) async throws {
      try await withSite { site in
        let server = try await startFilled(site)
        let saved = try await site.rollcall(["export", "--data", "data", "--to", "saved.jsonl"])
        #expect(saved.isSuccess, "\(saved.errors)")
        server.kill()
        #expect(try await site.run(["sed", "-i", change, "saved.jsonl"]).isSuccess)
        let before = try await site.rollcall(["export", "--data", "data"]).text
        let output = try await site.rollcall(
          ["import", "saved.jsonl", "--data", "data", "--replace"])
        expectOneLine(output, naming: ["saved.jsonl"] + words)
        #expect(try await site.rollcall(["export", "--data", "data"]).text == before)
        #expect(!site.exists("data/rollcall.db.partial"))
      }
    }

    @Test("Without a database, or with a misspelt one, one line says so")
    func noDatabase() async throws {
      try await withSite { site in
        for arguments in [["export"], ["backup", "--to", "saved.db"]] {
          let output = try await site.rollcall(arguments + ["--data", "nowhere"])
          expectOneLine(output, naming: ["nowhere", "--data"])
          #expect(!site.exists("nowhere") && !site.exists("saved.db"))
        }
      }
    }
  }
}
