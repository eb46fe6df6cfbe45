// `rollcall explain` and `rollcall configure`.

import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("rollcall explain and configure")
  struct ExplainCommandTests {
    @Test("explain shows who is in the answer and why others are not")
    func explain() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        for (id, body) in [
          ("a", #"{"address": "10.0.0.1"}"#),
          ("b", #"{"address": "10.0.0.2", "status": "critical"}"#),
        ] { _ = try await server.register("web", id, body) }
        let shown = try await server.ask("explain", "web.mesh.internal")
        #expect(shown.isSuccess, "\(shown.errors)")
        #expect(shown.text.hasPrefix("web.mesh.internal. A: NOERROR\n"))
        let lines = shown.rows.suffix(3).map { $0.joined(separator: " ") }
        #expect(
          lines == [
            "SERVICE ID STATUS IN REASON", "web a passing yes -",
            "web b critical no critical: its status is critical",
          ])
        #expect(!shown.text.contains("\u{1B}"))
        let gone = try await server.ask("explain", "no.mesh.internal", "srv")
        #expect(gone.text.hasPrefix("no.mesh.internal. SRV: NXDOMAIN\n") && gone.isSuccess)
        let wrong = try await server.ask("explain", "web.mesh.internal", "MX")
        expectOneLine(wrong, naming: ["type", "must be one of A, AAAA, SRV, TXT"])
        #expect(wrong.end == .exit(1))
      }
    }

    @Test("explain --json has all pages as one object")
    func pages() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let items = (0..<1_500).map {
          #"{"service":"web","id":"w\#($0)","address":"10.0.0.1","lease_seconds":null}"#
        }
        try site.write(#"{"instances":[\#(items.joined(separator: ","))]}"#, to: "bulk")
        #expect(try await server.curl("POST", "/v1/instances", "@bulk").status == 200)
        let all = try await server.ask("explain", "web.mesh.internal", "A", "--json").object
        #expect((all["instances"] as? [Any])?.count == 1_500 && all["in"] as? Int == 1_500)
        #expect(all["next_cursor"] == nil && all["code"] as? String == "NOERROR")
      }
    }

    @Test("configure sets what is named, leaves the rest, and shows what is in force")
    func configure() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let set = try await server.ask("configure", "web", "--ttl", "30")
        #expect(set.text == "web: ttl_seconds 30, max_answers default\n", "\(set.errors)")
        let more = try await server.ask("configure", "web", "--max-answers", "4", "--json")
        #expect(more.text == #"{"name":"web","ttl_seconds":30,"max_answers":4}"# + "\n")
        let less = try await server.ask("configure", "web", "--ttl", "default")
        #expect(less.text == "web: ttl_seconds default, max_answers 4\n")
        #expect(try await server.ask("configure", "web").text == less.text)
        let none = try await server.ask("configure", "nothing")
        expectOneLine(none, naming: ["no service 'nothing'"])
        let wrong = try await server.ask("configure", "web", "--ttl", "86401")
        expectOneLine(wrong, naming: ["ttl_seconds", "86400"])
        #expect(wrong.end == .exit(1))
      }
    }

    @Test("Of many who configure at once none undoes what another has set")
    func race() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        for round in 1...3 {
          async let ttl = server.ask("configure", "web", "--ttl", "\(round)")
          async let answers = server.ask("configure", "web", "--max-answers", "\(round)")
          #expect(try await ttl.isSuccess)
          #expect(try await answers.isSuccess)
          let shown = try await server.ask("configure", "web")
          #expect(shown.text == "web: ttl_seconds \(round), max_answers \(round)\n")
        }
      }
    }
  }
}
