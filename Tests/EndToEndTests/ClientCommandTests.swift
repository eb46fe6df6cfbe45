// `rollcall list`, `register`, `renew`, `drain` and `deregister`.

import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Subcommands that ask a server")
  struct ClientCommands {
    @Test("list shows services, and the instances of one, as tables")
    func tables() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.registerThree()
        try await server.register(
          "web.prod", "a",
          #"{"addresses": ["10.1.0.1", "fd00::1"], "tags": ["v2"], "status": "critical","#
            + #" "lease_seconds": null}"#)
        let services = try await server.ask("list")
        #expect(
          services.rows == [
            ["SERVICE", "LIVE", "INSTANCES", "REVISION"], ["web", "3", "3", "3"],
            ["web.prod", "0", "1", "4"],
          ], "\(services.errors)")
        let instances = try await server.ask("list", "web.prod")
        #expect(
          instances.rows == [
            ["ID", "STATUS", "ADDRESSES", "PORT", "PRIORITY", "WEIGHT", "TAGS", "EXPIRES"],
            ["a", "critical", "10.1.0.1,fd00::1", "-", "0", "1", "v2", "never"],
          ])
        // Standard output is no terminal.
        #expect(!instances.text.contains("\u{1B}"))
        let columns = services.text.split(separator: "\n").map { line in
          line.firstRange(of: line.split(separator: " ")[1]).map {
            line.distance(
              from: line.startIndex, to: $0.lowerBound)
          }
        }
        #expect(Set(columns).count == 1)
      }
    }

    @Test("list --json has all pages as one object, and filters by tag and status")
    func json() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let items = (0..<1_500).map {
          #"{"service":"web","id":"w\#($0)","address":"10.0.0.1","tags":["t\#($0 % 2)"],"#
            + #""status":"\#($0 < 3 ? "warning" : "passing")","lease_seconds":null}"#
        }
        try site.write(#"{"instances":[\#(items.joined(separator: ","))]}"#, to: "bulk")
        #expect(try await server.curl("POST", "/v1/instances", "@bulk").status == 200)
        let all = try await server.ask("list", "web", "--json").object
        let ids = (all["instances"] as? [[String: Any]])?.compactMap { $0["id"] as? String } ?? []
        #expect(Set(ids).count == 1_500 && ids.count == 1_500)
        #expect(all["revision"] as? Int == 1_500)
        let some = try await server.ask(
          "list", "web", "--tag", "t1", "--status", "warning", "--json"
        ).object
        #expect((some["instances"] as? [[String: Any]])?.map { $0["id"] as? String } == ["w1"])
        let none = try await server.ask("list", "web", "--tag", "none")
        #expect(none.isSuccess && none.text.isEmpty && none.errorLines.count == 1)
        let services = try await server.ask("list", "--json").object["services"]
        #expect((services as? [[String: Any]])?.map { $0["name"] as? String } == ["web"])
      }
    }

    @Test("register says all that a registration can say, and what came of it")
    func register() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let output = try await server.ask(
          "register", "web", "--id", "web-1", "--address", "10.0.0.1", "--address", "fd00::1",
          "--port", "8080", "--named-port", "grpc=9090", "--named-port", "dns=53/udp",
          "--protocol", "tcp", "--weight", "2", "--priority", "1", "--tag", "v2", "--tag", "blue",
          "--metadata", "version=1=2", "--metadata", "empty=", "--status", "warning",
          "--lease", "300")
        #expect(output.isSuccess, "\(output.errors)")
        #expect(output.text.hasPrefix("registered web-1 of web until 2"))
        #expect(output.rows.dropFirst().first == ["web-1.web.mesh.internal."])
        #expect(output.text.contains("  _grpc._tcp.web.mesh.internal.\n"))
        let expected = [
          "addresses": #"["10.0.0.1","fd00::1"]"#, "port": "8080", "weight": "2", "priority": "1",
          "ports":
            #"{"dns":{"port":53,"protocol":"udp"},"grpc":{"port":9090,"protocol":"tcp"}}"#,
          "tags": #"["blue","v2"]"#, "metadata": #"{"empty":"","version":"1=2"}"#,
          "status": "warning", "lease_seconds": "300",
        ]
        for (member, value) in expected {
          #expect(try await server.shown("web", "web-1", member) == value, "\(member)")
        }
        let endless = try await server.ask(
          "register", "web", "--id", "web-2", "--port", "1", "--lease", "none", "--json")
        #expect(
          endless.object["lease_seconds"] is NSNull && endless.object["id"] as? String == "web-2")
        let plain = try await server.ask("register", "web", "--port", "81")
        #expect(plain.errors.contains("warning: the address 127.0.0.1"))
        let host = try await site.run(["hostname", "-s"]).text.lowercased()
          .trimmingCharacters(in: .newlines)
        #expect(try await server.isRegistered("web", "\(host)-81"))
      }
    }

    @Test("renew, drain and deregister do what the API does, and say so")
    func changes() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.registerThree()
        let renewal = try await server.ask("renew", "web", "web-1", "--status", "critical")
        #expect(renewal.text.hasPrefix("renewed web-1 of web, critical, until 2"))
        #expect(try await server.shown("web", "web-1") == "critical")
        #expect(
          try await server.ask("renew", "web", "web-1", "--json").object["status"] as? String
            == "critical")

        let drain = try await server.ask("drain", "web", "web-2")
        #expect(drain.text.hasPrefix("web-2 of web drains until 2"))
        #expect(try await server.shown("web", "web-2") == "draining")
        let gone = try await server.ask("drain", "web", "web-2", "--wait")
        #expect(gone.text == "web-2 of web is gone\n" && gone.errorLines.count == 1)
        #expect(try await !server.isRegistered("web", "web-2"))
        async let interrupted = server.ask("drain", "web", "web-3", "--wait")
        try await wait(for: "the drain") {
          try await server.shown("web", "web-3") == "draining"
        }
        #expect(try await server.put("web", "web-3", #"{"address": "10.0.0.3"}"#).status == 200)
        let ended = try await interrupted
        #expect(ended.end == .exit(1) && ended.errors.contains("registered anew"))
        let removal = try await server.ask("deregister", "web", "web-3", "--json")
        #expect(removal.text == "{\"service\":\"web\",\"id\":\"web-3\"}\n")
        #expect(try await !server.isRegistered("web", "web-3"))
      }
    }

    @Test("What the server refuses is one line with its reason, and status 1")
    func refusals() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.registerThree()
        for (arguments, words) in [
          (["renew", "web", "none"], ["no instance 'none'"]),
          (["list", "nothing"], ["no service 'nothing'"]),
          (["drain", "web", "a/b"], ["a/b"]), (["deregister", "web", "none"], ["none"]),
          (["register", "web", "--port", "0"], ["port", "1 to 65535"]),
          (["register", "web", "--port", "1", "--status", "pasing"], ["did you mean 'passing'"]),
        ] {
          let output = try await site.rollcall(arguments + ["--server", server.url])
          expectOneLine(output, naming: words)
          #expect(output.end == .exit(1))
        }
      }
    }

    @Test("Every shell gets a completion script with all subcommands")
    func completion() async throws {
      try await withSite { site in
        for shell in ["bash", "zsh", "fish"] {
          let script = try await site.rollcall(["--generate-completion-script", shell])
          #expect(script.isSuccess)
          for word in [
            "check-zone", "deregister", "--await-port", "draining", "explain", "--max-answers",
          ] {
            // fish has options without their dashes.
            let option = word.replacing("--", with: shell == "fish" ? "" : "--")
            #expect(script.text.contains(option), "\(shell): \(word)")
          }
          try site.write(script.text, to: "script")
          if shell == "bash" { #expect(try await site.run(["bash", "-n", "script"]).isSuccess) }
        }
      }
    }

    @Test(
      "A command line that is wrong is status 64, and nothing is asked",
      arguments: [
        ["list", "--tag", "v2"], ["list", "web", "--timeout", "0"], ["register", "web"],
        ["register", "web", "--port", "x"],
        ["register", "web", "--port", "1", "--drain-limit", "1"],
        ["register", "web", "--port", "1", "--named-port", "grpc"],
        ["register", "web", "--port", "1", "--metadata", "=x"],
        ["register", "web", "--port", "1", "--lease", "never"],
        ["register", "web", "--port", "1", "--json", "--", "true"], ["renew", "web", ""],
        ["list", "--cert-file", "a.pem"], ["watch", "--count", "0"], ["watch", "a,b"],
        ["explain"], ["explain", ""], ["configure", "web", "--ttl", "long"], ["configure", ""],
      ])
    func usage(arguments: [String]) async throws {
      try await withSite { site in
        // Nobody listens there, which would be status 3.
        let output = try await site.rollcall(
          arguments, environment: ["ROLLCALL_SERVER": "http://[::1]:1"])
        #expect(output.end == .exit(64) && output.text.isEmpty, "\(output.errors)")
        #expect(output.errors.hasPrefix("Error: "))
      }
    }
  }
}
