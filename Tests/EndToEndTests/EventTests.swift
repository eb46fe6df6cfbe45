// The program's event stream, as curl is sent it.

import Foundation
import Glibc
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Events")
  struct Events {
    private static let address = #"{"address":"10.0.0.1","lease_seconds":null}"#

    @Test("Each change is an event with its revision and the instance as it is")
    func changes() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let client = try EventClient(server)
        try await client.waitForBeginning()
        let web = "/v1/services/web/instances"
        try await server.register("web", "a", Self.address)
        _ = try await server.put("web", "a", #"{"address":"10.0.0.2","lease_seconds":null}"#)
        _ = try await server.curl("POST", "\(web)/a/renew", #"{"status":"warning"}"#)
        _ = try await server.curl("POST", "\(web)/a/drain")
        _ = try await server.curl("DELETE", "\(web)/a")
        try await server.register("web", "b", #"{"address":"10.0.0.1","lease_seconds":1}"#)
        try await client.waitForEvents(7)
        _ = try await server.curl("DELETE", "/v1/services/web")
        try await client.waitForEvents(8)
        #expect(
          client.lines == [
            "1 registered web a", "2 replaced web a", "3 status-changed web a",
            "4 draining web a", "5 deregistered web a", "6 registered web b", "7 expired web b",
            "8 service-removed web",
          ])
        let events = client.events
        #expect(events.allSatisfy { $0["revision"] == $0.id })
        #expect(events[0]["instance"]?.contains("10.0.0.1") == true)
        #expect(events[2]["instance"]?.contains(#""status":"warning""#) == true)
        #expect(events[3]["instance"]?.contains("safe_at") == true)
        #expect(events[4]["instance"] == "null" && events[7]["instance"] == nil)
        let metrics = try await server.metrics()
        #expect(metrics[#"rollcall_watchers{kind="stream"}"#] == 1)
        #expect(metrics["rollcall_events_sent_total"] == 8)
      }
    }

    @Test("A client goes on where it was, and after a restart is told to list again")
    func resumption() async throws {
      try await withSite { site in
        var server = try await site.startServer()
        for id in ["a", "b", "c"] { try await server.register("web", id, Self.address) }
        try await server.register("api", "a", Self.address)
        _ = try await server.curl("DELETE", "/v1/services/web/instances/b")
        for (query, expected) in [
          (
            "",
            [
              "2 registered web b", "3 registered web c", "4 registered api a",
              "5 deregistered web b",
            ]
          ),
          ("?service=api", ["4 registered api a"]),
          (
            "?service=api,WEB",
            [
              "2 registered web b", "3 registered web c", "4 registered api a",
              "5 deregistered web b",
            ]
          ),
        ] {
          let client = try EventClient(server, query, lastEventID: "1")
          try await client.waitForEvents(expected.count)
          #expect(client.lines == expected, "\(query)")
          #expect(client.events[0]["instance"] == "null" || query == "?service=api")
        }
        server = try await server.killAndStartAgain()
        for id in ["1", "4", "6", "99999999999999999999", "x"] {
          let client = try EventClient(server, lastEventID: id)
          try await client.waitForEvents(1)
          #expect(
            client.events[0] == ReceivedEvent(id: "5", kind: "reset", data: #"{"revision":5}"#))
        }
        let current = try EventClient(server, lastEventID: "5")
        let reset = try EventClient(server, lastEventID: "1")
        try await reset.waitForEvents(1)
        try await server.register("web", "d", Self.address)
        try await current.waitForEvents(1)
        try await reset.waitForEvents(2)
        #expect(current.lines == ["6 registered web d"])
        #expect(reset.lines == ["5 reset", "6 registered web d"])
        #expect(try await server.metrics()["rollcall_event_resets_total"] == 6)
      }
    }

    @Test("What is older than events_kept can't be resumed")
    func kept() async throws {
      try await withSite { site in
        let server = try await site.startServer(environment: ["ROLLCALL_EVENTS_KEPT": "100"])
        let items = (1...150).map {
          #"{"service":"web","id":"i\#($0)","address":"10.0.0.1"}"#
        }.joined(separator: ",")
        _ = try await server.curl("POST", "/v1/instances", #"{"instances":[\#(items)]}"#)
        let old = try EventClient(server, lastEventID: "49")
        let kept = try EventClient(server, lastEventID: "50")
        try await old.waitForEvents(1)
        try await kept.waitForEvents(100)
        #expect(old.lines == ["150 reset"])
        #expect(kept.lines.first == "51 registered web i51")
        #expect(kept.lines.last == "150 registered web i150")
      }
    }

    @Test("A narrow token is sent nothing of services that it does not cover")
    func scopes() async throws {
      try await withSite { site in
        var tokens: [String: String] = [:]
        for (name, scope, services) in [
          ("all", "write", "*"), ("narrow", "read", "*.prod"),
        ] {
          let output = try await site.rollcall([
            "token", "new", "--name", name, "--scope", scope, "--services", services, "--file",
            "tokens.yaml",
          ])
          tokens[name] = output.text.trimmingCharacters(in: .newlines)
        }
        let server = try await site.startServer(["--tokens", "tokens.yaml"])
        let narrow = try EventClient(server, token: tokens["narrow"])
        let hidden = try EventClient(server, "?service=web,prod", token: tokens["narrow"])
        let named = try EventClient(server, "?service=web,web.prod", token: tokens["narrow"])
        let all = try EventClient(server, token: tokens["all"])
        for client in [narrow, hidden, named, all] { try await client.waitForBeginning() }
        for service in ["web", "prod", "web.prod", "xprod", "db.prod"] {
          let put = try await site.run([
            "curl", "-sf", "--noproxy", "*", "-X", "PUT", "--json", Self.address, "-H",
            "Authorization: Bearer \(tokens["all"] ?? "")",
            "http://\(server.ready.http)/v1/services/\(service)/instances/a",
          ])
          #expect(put.isSuccess)
        }
        try await all.waitForEvents(5)
        try await narrow.waitForEvents(2)
        try await named.waitForEvents(1)
        #expect(narrow.lines == ["3 registered web.prod a", "5 registered db.prod a"])
        #expect(named.lines == ["3 registered web.prod a"])
        // From the log as from the broadcast.
        let missed = try EventClient(server, lastEventID: "0", token: tokens["narrow"])
        try await missed.waitForEvents(2)
        #expect(missed.lines == narrow.lines)
        let missedHidden = try EventClient(
          server, "?service=web,prod", lastEventID: "0", token: tokens["narrow"])
        #expect(hidden.events.isEmpty && missedHidden.events.isEmpty)
        #expect(hidden.text == ": events from here on\nid: 0\n\n")
        #expect(try await status(server, nil, "/v1/events") == "401")
        let list = "/v1/services/web/instances?after=0&wait=300"
        #expect(try await status(server, tokens["narrow"], list) == "404")
        #expect(
          try await status(server, tokens["narrow"], list.replacing("web", with: "ghost")) == "404")
      }
    }

    private func status(
      _ server: RunningServer, _ token: String?, _ path: String
    ) async throws -> String {
      let field = token.map { ["-H", "Authorization: Bearer \($0)"] } ?? []
      return try await server.site.run(
        [
          "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--noproxy", "*", "--max-time",
          "9",
        ]
          + field + ["http://\(server.ready.http)\(path)"]
      ).text
    }

    @Test("A watcher that reads nothing is closed, one that reads has all events")
    func slowness() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let reading = try EventClient(server, "?service=web")
        try await reading.waitForBeginning()
        let stuck = try LoopbackSocket(
          .tcp, port: server.ready.httpPort, receiveBuffer: 4_096, deadline: 60)
        try stuck.send(Array("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
        try await wait(for: "both") {
          try await server.metrics()[#"rollcall_watchers{kind="stream"}"#] == 2
        }
        let closed = #"rollcall_http_closed_total{reason="slow_watcher"}"#
        var count = 0
        try await wait(for: "the end of the slow one", within: .seconds(60)) {
          try site.write(Self.bulk(round: count), to: "bulk.json")
          let output = try await site.run([
            "curl", "-sf", "--noproxy", "*", "-o", "/dev/null", "-H",
            "Content-Type: application/json", "--data-binary", "@bulk.json",
            "http://\(server.ready.http)/v1/instances",
          ])
          #expect(output.isSuccess)
          count += 1
          return try await server.metrics()[closed] == 1
        }
        let ids = (1...count * 200).map { "id: \($0)\n" }.joined()
        // Megabytes, which another program looks through so that no other test waits.
        try await wait(for: "all events", pause: .milliseconds(200)) {
          try await site.run(["grep", "^id: [1-9]", reading.path]).text == ids
        }
        #expect(try await server.metrics()[#"rollcall_watchers{kind="stream"}"#] == 1)
        withExtendedLifetime(stuck) {}
      }
    }

    /// 200 instances, each with 15 KiB of metadata that no other round has.
    private static func bulk(round: Int) -> String {
      let metadata = (0..<60).map { #""key\#($0)":"\#(String(repeating: "x", count: 240))""# }
        .joined(separator: ",")
      let items = (1...200).map {
        #"{"service":"web","id":"i\#($0)","address":"10.0.0.1","lease_seconds":null,"#
          + #""metadata":{"round":"\#(round)",\#(metadata)}}"#
      }
      return #"{"instances":[\#(items.joined(separator: ","))]}"#
    }

    @Test("An orderly end waits neither for streams nor for calls that wait")
    func end() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.register("web", "a", Self.address)
        let client = try EventClient(server)
        try await client.waitForBeginning()
        let path = "/v1/services/web/instances?after=1&wait=300"
        async let waiting = server.curl("GET", path)
        try await wait(for: "the waiting call") {
          try await server.metrics()[#"rollcall_watchers{kind="wait"}"#] == 1
        }
        server.child.send(SIGTERM)
        let reply = try await waiting
        #expect(reply.status == 200 && reply.revision == 1)
        #expect(try await server.child.waitForEnd(within: .seconds(5)) == .exit(0))
        #expect(try await client.child.waitForEnd(within: .seconds(5)) == .exit(0))
      }
    }

    @Test("A call that waits sees the change that it waits for, as DNS does")
    func longPoll() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let path = "/v1/services/web/instances"
        async let made = server.curl("GET", "\(path)?after=0&wait=300")
        try await wait(for: "the waiting call") {
          try await server.metrics()[#"rollcall_watchers{kind="wait"}"#] == 1
        }
        try await server.register("web", "a", #"{"address":"10.0.0.1","lease_seconds":1}"#)
        #expect(try await made.revision == 1)
        // The end of its lease is a change too.
        let expired = try await server.curl("GET", "\(path)?after=1&wait=10")
        #expect(expired.revision == 2 && expired["instances"] == "[]")
        #expect(try await server.digShort("web.mesh.internal", "A").isEmpty)
      }
    }
  }
}
