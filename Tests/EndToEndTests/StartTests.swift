// How the program starts, and what it says when it can't.

import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Start")
  struct Start {
    @Test("One line says where it listens once it answers, and /readyz is 200")
    func ready() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        #expect(server.ready.dnsPort != 0 && server.ready.httpPort != 0)
        #expect(server.ready.zone == "mesh.internal.")
        #expect(server.log.split(separator: "\n").count { $0.contains("ready") } == 1)
        #expect(try await server.curl("GET", "/readyz").status == 200)
        #expect(try await server.dig("mesh.internal", "SOA").status == "NOERROR")
      }
    }

    @Test("--help says what there is", arguments: [["--help"], ["serve", "--help"]])
    func help(arguments: [String]) async throws {
      try await withSite { site in
        let output = try await site.rollcall(arguments)
        #expect(output.isSuccess && output.errors.isEmpty)
        #expect(output.text.contains("serve"))
        if arguments.count > 1 {
          for option in ["--dns", "--http", "--zone", "--zones", "--data", "--workers", "--check"] {
            #expect(output.text.contains("\(option) "), "\(option)")
          }
        }
      }
    }

    /// Arguments, environment and what the one line has to name.
    struct WrongInput: CustomTestStringConvertible {
      var arguments: [String] = []
      var environment: [String: String] = [:]
      var named: [String]

      var testDescription: String {
        (environment.map { "\($0)=\($1)" } + arguments).joined(separator: " ")
      }
    }

    @Test(
      "Wrong input ends with one line that names it",
      arguments: [
        WrongInput(arguments: ["--dns", "localhost:53"], named: ["dns", "localhost:53"]),
        WrongInput(arguments: ["--dns", "127.0.0.1"], named: ["dns", "127.0.0.1", "port"]),
        WrongInput(arguments: ["--dns", "::1:53"], named: ["dns", "::1:53", "brackets"]),
        WrongInput(arguments: ["--dns", "127.0.0.1:65536"], named: ["dns", "65536"]),
        WrongInput(arguments: ["--dns", "203.0.113.1:0"], named: ["203.0.113.1"]),
        WrongInput(arguments: ["--dns", "0.0.0.0:0"], named: ["ns_address"]),
        WrongInput(arguments: ["--http", "8053"], named: ["http", "8053"]),
        WrongInput(arguments: ["--http", "0.0.0.0:0"], named: ["http", "0.0.0.0:0", "loopback"]),
        WrongInput(arguments: ["--http", "203.0.113.1:80"], named: ["http", "203.0.113.1:80"]),
        WrongInput(arguments: ["--zone", "a..b"], named: ["zone", "a..b"]),
        WrongInput(arguments: ["--zone", "."], named: ["zone", "root"]),
        WrongInput(arguments: ["--ns-address", "ns"], named: ["ns_address", "ns"]),
        WrongInput(arguments: ["--workers", "0"], named: ["workers", "'0'", "64"]),
        WrongInput(arguments: ["--workers", "65"], named: ["workers", "'65'", "64"]),
        WrongInput(arguments: ["--log-level", "loud"], named: ["log_level", "loud", "info"]),
        WrongInput(arguments: ["--log-format", "xml"], named: ["log_format", "xml", "json"]),
        WrongInput(arguments: ["--zones", "no-zones"], named: ["no-zones", "No such file"]),
        WrongInput(arguments: ["--config", "no.yaml"], named: ["no.yaml"]),
        WrongInput(arguments: ["--data", "a-file"], named: ["a-file", "Not a directory"]),
        WrongInput(arguments: ["--data", "no/data"], named: ["no/data", "No such file"]),
        WrongInput(environment: ["ROLLCALL_WORKERS": "many"], named: ["workers", "many"]),
        WrongInput(environment: ["ROLLCALL_STOP_SECONDS": "0"], named: ["stop_seconds", "3600"]),
        WrongInput(
          environment: ["ROLLCALL_STOP_SECONDS": "3601"], named: ["stop_seconds", "3600"]),
        WrongInput(environment: ["ROLLCALL_NS_ADDRESS": "here"], named: ["ns_address", "here"]),
      ])
    func wrongInput(_ input: WrongInput) async throws {
      try await withSite { site in
        try site.write("", to: "a-file")
        var arguments = ["serve"]
        let defaults = [("--dns", "127.0.0.1:0"), ("--http", "127.0.0.1:0"), ("--data", "data")]
        for (name, value) in defaults where !input.arguments.contains(name) {
          arguments += [name, value]
        }
        let output = try await site.rollcall(
          arguments + input.arguments, environment: input.environment)
        expectOneLine(output, naming: input.named)
      }
    }

    @Test("Arguments that no command has are refused by name", arguments: ["--frob", "extra"])
    func unknownArgument(_ argument: String) async throws {
      try await withSite { site in
        let output = try await site.rollcall(["serve", argument])
        #expect(!output.isSuccess)
        #expect(output.errorLines.first?.contains(argument) == true)
      }
    }

    @Test(
      "A configuration file that says something unknown or unreadable is refused by name",
      arguments: [
        ("zonne: mesh.internal\n", ["conf.yaml", "zonne"]),
        ("workers: [1, 2]\n", ["conf.yaml", "workers"]),
        ("workers: many\n", ["workers", "many"]),
        ("just words\n", ["conf.yaml"]),
        ("zone: [\n", ["conf.yaml"]),
        ("workers: 2\nworkers: 3\n", ["conf.yaml", "workers"]),
      ])
    func wrongFile(text: String, named: [String]) async throws {
      try await withSite { site in
        try site.write(text, to: "conf.yaml")
        let output = try await site.rollcall([
          "serve", "--dns", "127.0.0.1:0", "--http", "127.0.0.1:0", "--config", "conf.yaml",
        ])
        expectOneLine(output, naming: named)
      }
    }

    @Test("A database that is none, or another program's, is left alone and named")
    func foreignDatabase() async throws {
      try await withSite { site in
        for name in ["noise", "foreign"] {
          try FileManager.default.createDirectory(
            atPath: site.path(name), withIntermediateDirectories: false)
        }
        let noise = String(repeating: "no database at all\n", count: 300)
        try site.write(noise, to: "noise/rollcall.db")
        let script = """
          import sqlite3
          sqlite3.connect("foreign/rollcall.db").execute("CREATE TABLE theirs (id INTEGER)")
          """
        #expect(try await site.run(["python3", "-c", script]).isSuccess)
        for name in ["noise", "foreign"] {
          let before = FileManager.default.contents(atPath: site.path("\(name)/rollcall.db"))
          let output = try await site.rollcall([
            "serve", "--dns", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data", name,
          ])
          let reason = "rollcall: the database \(name)/rollcall.db can't be used: "
          expectOneLine(output, naming: [reason])
          let after = FileManager.default.contents(atPath: site.path("\(name)/rollcall.db"))
          #expect(after == before)
        }
      }
    }
  }
}

/// One line on stderr with all of `words`, nothing on stdout, and a status that is not zero.
func expectOneLine(
  _ output: Site.Output, naming words: [String],
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(output.end != .exit(0), sourceLocation: sourceLocation)
  guard case .exit = output.end else {
    Issue.record("ended with \(output.end)", sourceLocation: sourceLocation)
    return
  }
  #expect(output.errorLines.count == 1, "\(output.errors)", sourceLocation: sourceLocation)
  #expect(output.text.isEmpty, sourceLocation: sourceLocation)
  for word in words {
    #expect(output.errors.contains(word), sourceLocation: sourceLocation)
  }
}
