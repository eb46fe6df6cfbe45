// How subcommands find a server, prove who they are, and what they say when it does not work.

import Foundation
import Glibc
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Reaching a server")
  struct ServerAccess {
    @Test("Without a server there, a line says how to start or name one, and the status is 3")
    func nobody() async throws {
      try await withSite { site in
        let output = try await site.rollcall([
          "list", "--server", "http://127.0.0.1:1", "--retry", "0",
        ])
        expectOneLine(
          output, naming: ["http://127.0.0.1:1", "refused", "rollcall serve", "ROLLCALL_SERVER"])
        #expect(output.end == .exit(3))
        let unknown = try await site.rollcall([
          "list", "--server", "http://none.invalid:1", "--retry", "0",
        ])
        #expect(unknown.end == .exit(3) && unknown.errors.contains("none.invalid is not known"))
        let wrong = try await site.rollcall(["list", "--server", "localhost:8053"])
        expectOneLine(wrong, naming: ["localhost:8053", "http://127.0.0.1:8053"])
        #expect(wrong.end == .exit(1))
      }
    }

    @Test("A server that comes back within --retry is asked again")
    func retry() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.registerThree()
        server.kill()
        let list = try site.start(
          [Site.program, "list", "web", "--server", server.url, "--retry", "20"],
          output: "list-output", errors: "list-errors")
        _ = try await server.startAgain()
        #expect(try await list.waitForEnd() == .exit(0))
        #expect(Site.text(of: site.path("list-output")).contains("web-3"))
      }
    }

    @Test("A server that does not reply is given up after --timeout")
    func silence() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        server.child.send(SIGSTOP)
        let output = try await server.ask("list", "--timeout", "1", "--retry", "0")
        server.child.send(SIGCONT)
        expectOneLine(output, naming: ["within 1 s"])
        #expect(output.end == .exit(3))
      }
    }

    @Test("What is no Rollcall server is said to be none")
    func stranger() async throws {
      try await withSite { site in
        try site.write("", to: "v1")
        let server = try site.start(
          ["python3", "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"],
          output: "python", errors: "python-errors")
        var port: Substring?
        try await wait(for: "a web server") {
          port = Site.text(of: site.path("python")).firstMatch(of: /port (\d+)/)?.1
          if let end = server.end { throw Failure("python3 ended: \(end)") }
          return port != nil
        }
        let output = try await site.rollcall(["list", "--server", "http://127.0.0.1:\(port ?? "")"])
        expectOneLine(output, naming: ["404", "HTTP API"])
        #expect(output.end == .exit(1))
      }
    }

    @Test("The token comes from a file or the environment; without a good one a line says how")
    func tokens() async throws {
      try await withSite { site in
        let file = ["--file", "tokens.yaml"]
        let made = try await site.rollcall(
          ["token", "new", "--name", "a", "--scope", "write", "--services", "web"] + file)
        try site.write(made.text, to: "token")
        try site.write("rollcall_" + String(repeating: "0", count: 64), to: "other")
        let server = try await site.startServer(["--tokens", "tokens.yaml"])
        let token = made.text.trimmingCharacters(in: .newlines)
        let register = ["register", "web", "--port", "1", "--server", server.url]
        for (arguments, environment) in [
          (["--token-file", "token"], [:]), ([], ["ROLLCALL_TOKEN_FILE": "token"]),
          ([], ["ROLLCALL_TOKEN": token]),
          (["--token-file", "token"], ["ROLLCALL_TOKEN": "ignored"]),
        ] {
          let output = try await site.rollcall(register + arguments, environment: environment)
          #expect(output.isSuccess, "\(output.errors)")
        }
        let anonymous = try await site.rollcall(register)
        expectOneLine(anonymous, naming: ["wants a token", "--token-file"])
        let unknown = try await site.rollcall(register + ["--token-file", "other"])
        expectOneLine(unknown, naming: ["does not know this token"])
        try site.write("secret", to: "other")
        let malformed = try await site.rollcall(register + ["--token-file", "other"])
        expectOneLine(malformed, naming: ["other", "holds no token"])
        #expect(!malformed.errors.contains("secret"))
        let forbidden = try await server.ask(
          "register", "api", "--port", "1", "--token-file", "token")
        expectOneLine(forbidden, naming: ["token"])
        let hidden = try await server.ask("list", "api", "--token-file", "token")
        expectOneLine(hidden, naming: ["no service 'api'"])
        for output in [anonymous, unknown, malformed, forbidden, hidden] {
          #expect(output.end == .exit(1))
        }
        #expect(try await server.ask("list", "--token-file", "token").rows.count == 2)
      }
    }

    @Test("A token is not sent where the network could read it")
    func plaintext() async throws {
      try await withSite { site in
        let token = "rollcall_" + String(repeating: "0", count: 64)
        let list = ["list", "--server", "http://192.0.2.1:1", "--retry", "0", "--timeout", "1"]
        let refused = try await site.rollcall(list, environment: ["ROLLCALL_TOKEN": token])
        expectOneLine(refused, naming: ["192.0.2.1", "https://", "--allow-plaintext"])
        #expect(refused.end == .exit(1))
      }
    }

    @Test("TLS needs --ca-file where the system does not know the authority")
    func tls() async throws {
      try await withSite { site in
        try await site.makeCertificate("ca")
        try await site.makeCertificate("server", signedBy: "ca")
        try await site.makeCertificate("clients")
        try await site.makeCertificate("client", signedBy: "clients")
        try site.write(
          "tls_certificate: server.pem\ntls_key: server.key\ntls_client_ca: clients.pem\n",
          to: "conf.yaml")
        let server = try await site.startServer(["--config", "conf.yaml"])
        let list = ["list", "--server", "https://\(server.ready.http)"]
        let proof = ["--cert-file", "client.pem", "--key-file", "client.key"]
        let good = try await site.rollcall(list + proof + ["--ca-file", "ca.pem"])
        #expect(good.isSuccess, "\(good.errors)")
        let variable = try await site.rollcall(
          list + proof, environment: ["ROLLCALL_CA_FILE": "ca.pem"])
        #expect(variable.isSuccess, "\(variable.errors)")
        let unknown = try await site.rollcall(list + proof)
        expectOneLine(unknown, naming: ["TLS", "certificate verify failed", "--ca-file"])
        #expect(!unknown.errors.contains("OPENSSL"), "\(unknown.errors)")
        #expect(unknown.end == .exit(1))
        let unproved = try await site.rollcall(list + ["--ca-file", "ca.pem", "--retry", "0"])
        #expect(!unproved.isSuccess && unproved.errorLines.count == 1, "\(unproved.errors)")
        let plain = try await site.rollcall([
          "list", "--server", "http://\(server.ready.http)", "--retry", "0",
        ])
        expectOneLine(plain, naming: ["https://"])
        let empty = try await site.rollcall(list + ["--ca-file", "conf.yaml"])
        expectOneLine(empty, naming: ["conf.yaml", "no certificate"])
      }
    }

    @Test("serve does not take the subcommands' variables for settings")
    func variables() async throws {
      try await withSite { site in
        let server = try await site.startServer(environment: [
          "ROLLCALL_SERVER": "http://127.0.0.1:1", "ROLLCALL_TOKEN": "x",
          "ROLLCALL_TOKEN_FILE": "y", "ROLLCALL_CA_FILE": "z",
        ])
        #expect(!server.log.contains("no setting has this environment variable"))
      }
    }
  }
}
