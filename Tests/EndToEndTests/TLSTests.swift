// The HTTP API over TLS, with certificates that the test makes.

import Foundation
import Glibc
import TestSupport
import Testing

extension EndToEnd {
  @Suite("TLS")
  struct TLS {
    private static let configuration = """
      tls_certificate: server.pem
      tls_key: server.key

      """

    private func curl(_ server: RunningServer, _ arguments: String...) async throws -> Site.Output {
      try await server.site.run(
        ["curl", "-sS", "--noproxy", "*", "--max-time", "15", "--cacert", "ca.pem"] + arguments
          + ["https://\(server.ready.http)/v1/services"])
    }

    /// Who signed the certificate that a new connection is shown, and whose it is.
    private func subject(_ server: RunningServer) async throws -> String {
      try await server.site.run([
        "sh", "-c",
        "openssl s_client -connect \(server.ready.http) </dev/null 2>/dev/null"
          + " | openssl x509 -noout -subject",
      ]).text
    }

    @Test("With a certificate the API speaks TLS 1.2 and later, and nothing else")
    func versions() async throws {
      try await withSite { site in
        try await site.makeCertificate("ca")
        try await site.makeCertificate("server", signedBy: "ca")
        try site.write(Self.configuration, to: "conf.yaml")
        let server = try await site.startServer(["--config", "conf.yaml"])
        for version in ["1.2", "1.3"] {
          let reply = try await curl(server, "--tlsv\(version)", "--tls-max", version)
          #expect(reply.isSuccess && reply.text.contains("services"), "\(reply.errors)")
        }
        let old = try await site.run([
          "sh", "-c",
          "openssl s_client -connect \(server.ready.http) -tls1_1 -cipher ALL:@SECLEVEL=0"
            + " </dev/null 2>&1",
        ])
        #expect(!old.isSuccess && old.text.contains("protocol version"), "\(old.text)")
        let plain = try await site.run([
          "curl", "-sS", "--noproxy", "*", "--max-time", "15",
          "http://\(server.ready.http)/v1/services",
        ])
        #expect(!plain.isSuccess)
        let stranger = try await site.run([
          "curl", "-sS", "--noproxy", "*", "https://\(server.ready.http)/v1/services",
        ])
        #expect(stranger.end == .exit(60), "\(stranger.errors)")
      }
    }

    @Test("SIGHUP takes a new certificate for new connections and drops no old one")
    func reload() async throws {
      try await withSite { site in
        try await site.makeCertificate("ca")
        try await site.makeCertificate("server", signedBy: "ca")
        try await site.makeCertificate("renewed", signedBy: "ca")
        try site.write(Self.configuration, to: "conf.yaml")
        let server = try await site.startServer(["--config", "conf.yaml"])
        #expect(try await subject(server).contains("CN = server"))
        // A registration that takes two seconds to arrive.
        try site.write(
          #"{"address":"10.0.0.1"}"# + String(repeating: " ", count: 20_000), to: "body")
        let slow = try site.start(
          ["curl", "-v", "--noproxy", "*", "--cacert", "ca.pem", "--limit-rate", "10k", "-w"]
            + ["%{http_code}", "-o", "reply", "-X", "PUT", "--json", "@body"]
            + ["https://\(server.ready.http)/v1/services/web/instances/a"],
          output: "slow-output", errors: "slow-errors")
        try await wait(for: "the handshake") {
          Site.text(of: site.path("slow-errors")).contains("> Host:")
        }
        for end in ["pem", "key"] {
          rename(site.path("renewed.\(end)"), site.path("server.\(end)"))
        }
        server.child.send(SIGHUP)
        try await wait(for: "the new certificate") {
          try await subject(server).contains("CN = renewed")
        }
        #expect(server.log.contains("certificate reloaded"))
        #expect(try await slow.waitForEnd() == .exit(0))
        #expect(Site.text(of: site.path("slow-output")) == "201")

        try site.write("no key", to: "server.key")
        server.child.send(SIGHUP)
        try await wait(for: "a line about it") { server.log.contains("certificate not reloaded") }
        #expect(server.log.contains("server.key: holds no private key"))
        #expect(try await curl(server).isSuccess)
      }
    }

    @Test("With tls_client_ca only clients with a certificate of that authority get in")
    func clientCertificates() async throws {
      try await withSite { site in
        try await site.makeCertificate("ca")
        try await site.makeCertificate("server", signedBy: "ca")
        try await site.makeCertificate("clients")
        try await site.makeCertificate("client", signedBy: "clients")
        try await site.makeCertificate("stranger", signedBy: "ca")
        try site.write(Self.configuration + "tls_client_ca: clients.pem\n", to: "conf.yaml")
        let server = try await site.startServer(["--config", "conf.yaml"])
        let known = try await curl(server, "--cert", "client.pem", "--key", "client.key")
        #expect(known.isSuccess && known.text.contains("services"), "\(known.errors)")
        for version in ["1.2", "1.3"] {
          let none = try await curl(server, "--tls-max", version)
          #expect(!none.isSuccess && none.text.isEmpty)
          let other = try await curl(
            server, "--tls-max", version, "--cert", "stranger.pem", "--key", "stranger.key")
          #expect(!other.isSuccess && other.text.isEmpty)
        }
      }
    }

    @Test("Octets that are no TLS, and handshakes that are broken off, leave the server as it was")
    func noise() async throws {
      try await withSite { site in
        try await site.makeCertificate("ca")
        try await site.makeCertificate("server", signedBy: "ca")
        try site.write(Self.configuration, to: "conf.yaml")
        let server = try await site.startServer(["--config", "conf.yaml"])
        let port = server.ready.httpPort
        for octets: [UInt8] in [
          [], [0], [22, 3, 1, 0xFF, 0xFF], Array(repeating: 0xAA, count: 999),
        ] {
          let socket = try LoopbackSocket(.tcp, port: port)
          try socket.send(octets)
        }
        #expect(try await curl(server).isSuccess)
        #expect(!server.log.contains(" error "))
      }
    }

    @Test("Files that do not fit are refused by name, by --check as by serve")
    func wrongFiles() async throws {
      try await withSite { site in
        try await site.makeCertificate("ca")
        try await site.makeCertificate("server", signedBy: "ca")
        try await site.makeCertificate("other", signedBy: "ca")
        try site.write("nothing", to: "empty")
        let wrong: [([String], [String])] = [
          (["tls_certificate: server.pem"], ["tls_certificate", "tls_key"]),
          (["tls_key: server.key"], ["tls_key", "tls_certificate"]),
          (["tls_client_ca: ca.pem"], ["tls_client_ca", "tls_certificate"]),
          (["tls_certificate: none.pem", "tls_key: server.key"], ["none.pem", "No such file"]),
          (["tls_certificate: server.pem", "tls_key: none.key"], ["none.key", "No such file"]),
          (["tls_certificate: empty", "tls_key: server.key"], ["empty", "no certificate"]),
          (
            ["tls_certificate: server.key", "tls_key: server.key"],
            ["server.key", "no certificate"]
          ),
          (["tls_certificate: server.pem", "tls_key: server.pem"], ["server.pem", "private key"]),
          (["tls_certificate: server.pem", "tls_key: other.key"], ["other.key", "server.pem"]),
          (
            ["tls_certificate: server.pem", "tls_key: server.key", "tls_client_ca: empty"],
            ["empty", "no certificate"]
          ),
        ]
        for (lines, named) in wrong {
          try site.write(lines.joined(separator: "\n") + "\n", to: "conf.yaml")
          for check in [["--check"], ["--dns", "127.0.0.1:0", "--http", "127.0.0.1:0"]] {
            let output = try await site.rollcall(
              ["serve", "--config", "conf.yaml", "--data", "data"] + check)
            expectOneLine(output, naming: named)
          }
        }
        #expect(!site.exists("data"))
      }
    }

    // MARK: Beyond loopback

    @Test(
      "Beyond loopback the API needs TLS and tokens, or what says otherwise in so many words",
      arguments: [
        ([], ["tls_certificate", "allow_plaintext", "tokens", "allow_anonymous"]),
        (["tokens"], ["tls_certificate", "allow_plaintext"]),
        (["tls"], ["tokens", "allow_anonymous"]),
        (["allow_plaintext: true"], ["tokens", "allow_anonymous"]),
        (["allow_anonymous: true"], ["tls_certificate", "allow_plaintext"]),
        (["allow_plaintext: false", "allow_anonymous: false"], ["tls_certificate", "tokens"]),
        (["allow_plaintext: yes", "allow_anonymous: true"], ["allow_plaintext", "true or false"]),
        (["tls", "tokens", "allow_plaintext: true"], ["allow_plaintext", "tls_certificate"]),
        (["tls", "tokens", "allow_anonymous: true"], ["allow_anonymous", "tokens"]),
        (["tls", "tokens"], nil), (["tls", "allow_anonymous: true"], nil),
        (["tokens", "allow_plaintext: true"], nil),
        (["allow_plaintext: true", "allow_anonymous: true"], nil),
      ] as [([String], [String]?)])
    func beyondLoopback(settings: [String], named: [String]?) async throws {
      try await withSite { site in
        try await site.makeCertificate("ca")
        try await site.makeCertificate("server", signedBy: "ca")
        try site.write("[]\n", to: "tokens.yaml")
        let lines = settings.map { setting in
          switch setting {
          case "tls": Self.configuration
          case "tokens": "tokens: tokens.yaml\n"
          default: setting + "\n"
          }
        }
        for address in ["0.0.0.0:8053", "192.0.2.1:8053", "[2001:db8::1]:8053"] {
          try site.write(
            "http: [\"127.0.0.1:8053\", \"\(address)\"]\n" + lines.joined(), to: "conf.yaml")
          let output = try await site.rollcall(["serve", "--check", "--config", "conf.yaml"])
          if let named {
            expectOneLine(output, naming: named)
          } else {
            #expect(output.isSuccess, "\(output.errors)")
          }
        }
      }
    }
  }
}
