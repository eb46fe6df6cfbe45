// `rollcall register … -- command`: a command that is registered while it runs.

import Foundation
import Glibc
import TestSupport
import Testing

extension EndToEnd {
  @Suite("A command that stands for an instance")
  struct Supervising {
    private static let register = [
      "register", "web", "--id", "a", "--address", "10.0.0.1", "--port", "80",
    ]

    /// Runs until it is told to end by a file or a signal, and writes down the signals that it got.
    /// Without the test's directory it ends too: a supervisor that is killed leaves it running.
    private static let script = """
      trap 'echo hup >> signals' HUP
      trap 'echo usr1 >> signals' USR1
      trap 'echo term >> signals; exit 3' TERM
      trap 'echo int >> signals; exit 4' INT
      echo started > started
      while [ ! -e stop ] && [ -e started ]; do sleep 0.02; done
      exit 7
      """

    /// Starts the program with a command that runs `script`.
    private func start(
      _ server: RunningServer, _ options: [String] = [], script: String = script,
      environment: [String: String] = [:]
    ) throws -> Child {
      try server.site.start(
        [Site.program] + Self.register + options + ["--", "sh", "-c", script],
        environment: ["ROLLCALL_SERVER": server.url].merging(environment) { $1 },
        output: "supervisor-output", errors: "supervisor-errors")
    }

    private func said(_ site: Site) -> String { Site.text(of: site.path("supervisor-errors")) }
    private func signals(_ site: Site) -> String { Site.text(of: site.path("signals")) }

    private func waitUntilRegistered(_ server: RunningServer, _ site: Site) async throws {
      try await wait(for: "the registration") {
        try await server.isRegistered("web", "a") && site.exists("started")
      }
    }

    @Test("It is registered while it runs, and its exit status is passed on")
    func life() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let child = try start(server, ["--tag", "v2"])
        try await waitUntilRegistered(server, site)
        #expect(try await server.digShort("v2.tag.web.mesh.internal", "A") == ["10.0.0.1"])
        try site.write("", to: "stop")
        #expect(try await child.waitForEnd() == .exit(7))
        #expect(try await !server.isRegistered("web", "a"))
        #expect(said(site).contains("registered a of web"))
      }
    }

    @Test("A command that a signal has ended is 128 and its number; one that can't run, 126 or 127")
    func statuses() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let killed = try start(server, script: "kill -KILL $$")
        #expect(try await killed.waitForEnd() == .exit(137))
        for (command, status) in [("./none", 127), (site.path("zones"), 126)] {
          let output = try await site.rollcall(
            Self.register + ["--", command], environment: ["ROLLCALL_SERVER": server.url])
          expectOneLine(output, naming: [command, "can't be run"])
          #expect(output.end == .exit(Int32(status)))
        }
        #expect(try await !server.isRegistered("web", "a"))
      }
    }

    @Test("SIGTERM reaches it when the instance has drained, other signals at once")
    func drain() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let child = try start(server, ["--lease", "3"])
        try await waitUntilRegistered(server, site)
        child.send(SIGHUP)
        child.send(SIGUSR1)
        try await wait(for: "both signals") { signals(site).split(separator: "\n").count == 2 }
        child.send(SIGTERM)
        try await wait(for: "the drain") { try await server.shown("web", "a") == "draining" }
        #expect(try await server.digShort("web.mesh.internal", "A") == [])
        #expect(try await server.digShort("a.web.mesh.internal", "A") == ["10.0.0.1"])
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let safeAt = try style.parse(try #require(try await server.shown("web", "a", "safe_at")))
        child.send(SIGHUP)
        // As long as its name is there, it was not told to end; its lease is shorter than that.
        var isThere = true
        while isThere {
          let before = signals(site)
          isThere = try await server.isRegistered("web", "a")
          if isThere { #expect(!before.contains("term")) }
        }
        #expect(Date() >= safeAt - 0.005)
        #expect(try await child.waitForEnd() == .exit(3))
        #expect(signals(site).hasSuffix("hup\nterm\n"))
        #expect(said(site).contains("drains until"))
      }
    }

    @Test("A second signal does not wait for the drain, nor for a server that hangs")
    func impatience() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let child = try start(server, ["--timeout", "1", "--retry", "0"])
        try await waitUntilRegistered(server, site)
        child.send(SIGTERM)
        try await wait(for: "the drain") { said(site).contains("drains until") }
        server.child.send(SIGSTOP)
        child.send(SIGINT)
        try await wait(for: "the signal") { signals(site) == "int\n" }
        server.child.send(SIGCONT)
        #expect(try await child.waitForEnd() == .exit(4))
      }
    }

    @Test("With --drain-limit 0 a signal is passed on at once, the instance being out already")
    func noDrain() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let child = try start(
          server, ["--drain-limit", "0"],
          script: "trap 'curl -s $ROLLCALL_SERVER/v1/services/web > seen; exit' TERM\n"
            + Self.script
            .replacing("trap 'echo term >> signals; exit 3' TERM", with: ""))
        try await waitUntilRegistered(server, site)
        child.send(SIGTERM)
        #expect(try await child.waitForEnd() == .exit(0))
        #expect(Site.text(of: site.path("seen")).contains(#""instance_count":0"#))
      }
    }

    @Test("It is registered again when the server has lost it, also after an outage")
    func outage() async throws {
      try await withSite { site in
        var server = try await site.startServer()
        let child = try start(server, ["--lease", "1", "--retry", "0"])
        try await waitUntilRegistered(server, site)
        #expect(try await server.curl("DELETE", "/v1/services/web").status == 204)
        try await waitUntilRegistered(server, site)
        server.kill()
        try await wait(for: "a line about it") {
          said(site).contains("trying on: no server answers")
        }
        server = try await server.startAgain()
        try await wait(for: "the lease") { said(site).contains("renewed again") }
        // All that time nobody told the command anything.
        #expect(child.end == nil && signals(site) == "")
        let renewed = try await server.shown("web", "a", "renewed_at")
        try await wait(for: "a renewal") {
          try await server.shown("web", "a", "renewed_at") != renewed
        }
        try site.write("", to: "stop")
        #expect(try await child.waitForEnd() == .exit(7))
      }
    }

    @Test("It starts without a server, and is registered when one comes")
    func late() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        server.kill()
        let child = try start(server, ["--retry", "0"])
        try await wait(for: "a line about it") { said(site).contains("no server answers") }
        #expect(site.exists("started"))
        let again = try await server.startAgain()
        try await waitUntilRegistered(again, site)
        try site.write("", to: "stop")
        #expect(try await child.waitForEnd() == .exit(7))
      }
    }

    @Test("If the server refuses it from the beginning, it is stopped, and the status is 1")
    func refused() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let child = try start(server, ["--weight", "0"])
        #expect(try await child.waitForEnd() == .exit(1))
        #expect(said(site).contains("refused") && said(site).contains("weight"))
        #expect(["term\n", ""].contains(signals(site)))
      }
    }

    @Test("With --await-port it is registered when it takes connections")
    func awaitPort() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let socket = try LoopbackSocket(holding: 0, .tcp, isListening: false)
        let child = try server.site.start(
          [
            Site.program, "register", "web", "--id", "a", "--port", "\(socket.port)",
            "--await-port",
          ]
            + ["--", "sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 0.05; done\n" + Self.script],
          environment: ["ROLLCALL_SERVER": server.url], output: "supervisor-output",
          errors: "supervisor-errors")
        try await wait(for: "the command") { site.exists("started") }
        #expect(try await !server.isRegistered("web", "a"))
        try socket.listen()
        try await waitUntilRegistered(server, site)
        try site.write("", to: "stop")
        #expect(try await child.waitForEnd() == .exit(7))
      }
    }

    @Test("It does not get the token that its registration needs, nor ignored signals back")
    func environment() async throws {
      try await withSite { site in
        let token = try await site.rollcall([
          "token", "new", "--name", "a", "--scope", "write", "--services", "*", "--file",
          "tokens.yaml",
        ]).text.trimmingCharacters(in: .newlines)
        let server = try await site.startServer(["--tokens", "tokens.yaml"])
        let variables = ["ROLLCALL_TOKEN": token, "ROLLCALL_SERVER": server.url, "OTHER": "kept"]
        let child = try site.start(
          ["nohup", Site.program] + Self.register + ["--", "sh", "-c"]
            + ["env > seen; grep SigIgn /proc/self/status > ignored; exit 5"],
          environment: variables, output: "supervisor-output", errors: "supervisor-errors")
        #expect(try await child.waitForEnd() == .exit(5))
        let seen = Site.text(of: site.path("seen"))
        #expect(seen.contains("OTHER=kept") && !seen.contains("ROLLCALL_TOKEN"))
        // SIGHUP alone, as nohup has it, of those that are not glibc's own.
        let ignored = Site.text(of: site.path("ignored")).firstMatch(of: /[0-9a-f]{16}/)
        #expect(ignored.flatMap { UInt64($0.output, radix: 16) }.map { $0 & 0x7FFF_FFFF } == 1)
      }
    }
  }
}
