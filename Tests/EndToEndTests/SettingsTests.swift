// Where settings come from, what --check says of them, and how the log looks.

import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Settings")
  struct SettingsInForce {
    @Test("A flag goes before the environment, and that before the file")
    func precedence() async throws {
      try await withSite { site in
        try site.write("zone: file.internal\n", to: "conf.yaml")
        let file = ["--config", "conf.yaml"]
        let environment = ["ROLLCALL_ZONE": "environment.internal"]
        let flag = ["--zone", "flag.internal"]

        var server = try await site.startServer(file)
        #expect(server.ready.zone == "file.internal.")
        server.kill()
        server = try await site.startServer(file, environment: environment)
        #expect(server.ready.zone == "environment.internal.")
        server.kill()
        server = try await site.startServer(file + flag, environment: environment)
        #expect(server.ready.zone == "flag.internal.")
        #expect(try await server.dig("flag.internal", "SOA").flags.contains("aa"))
        #expect(try await server.dig("file.internal", "SOA").status == "REFUSED")
      }
    }

    @Test("Every setting can stand in the file, lists as lists")
    func wholeFile() async throws {
      try await withSite { site in
        try site.write(
          """
          zone: all.internal
          dns: ["127.0.0.1:0", "[::1]:0"]
          http: ["127.0.0.1:0"]
          ns_address: 192.0.2.53
          zones: zones
          data: data
          workers: 2
          stop_seconds: 20
          server_id: anycast-7
          require_cookies: always
          cookie_secrets: ["e5e973e5a6b2a43f48e7dc849e37bfcf"]
          empty_service_seconds: 3600
          brake_share: 50
          brake_window_seconds: 60
          brake_hold_seconds: 300
          brake_minimum: 5
          events_kept: 1000
          log_level: notice
          log_format: json

          """, to: "conf.yaml")
        let child = try site.start(
          [Site.program, "serve", "--config", "conf.yaml"], output: "output", errors: "log")
        let ready = try await site.readyLine(of: child, log: "log")
        let listeners = ready.dns.split(separator: ",")
        try #require(listeners.count == 2)
        #expect(ready.zone == "all.internal.")
        let port = listeners[1].split(separator: ":").last ?? ""
        let ns = try await site.run([
          "dig", "+short", "@::1", "-p", "\(port)", "ns.all.internal", "A",
        ])
        #expect(ns.text == "192.0.2.53\n")
        let whole = try await site.run([
          "dig", "+nsid", "+cookie", "@::1", "-p", "\(port)", "ns.all.internal", "A",
        ])
        #expect(whole.text.contains("anycast-7"), "\(whole.text)")
        #expect(whole.text.contains("BADCOOKIE, retrying"), "\(whole.text)")
        #expect(whole.text.contains("status: NOERROR"), "\(whole.text)")
      }
    }

    @Test("Lists in the environment have commas")
    func environmentList() async throws {
      try await withSite { site in
        let child = try site.start(
          [Site.program, "serve"],
          environment: [
            "ROLLCALL_DNS": "127.0.0.1:0,127.0.0.1:0", "ROLLCALL_HTTP": "127.0.0.1:0",
            "ROLLCALL_NS_ADDRESS": "192.0.2.1", "ROLLCALL_DATA": "data",
          ], output: "output", errors: "log")
        let ready = try await site.readyLine(of: child, log: "log")
        #expect(ready.dns.split(separator: ",").count == 2)
        #expect(site.exists("data/rollcall.db"))
      }
    }

    @Test("With publish_metadata: false nobody who asks DNS is told metadata, the API still is")
    func hiddenMetadata() async throws {
      try await withSite { site in
        try site.write("publish_metadata: false\n", to: "conf.yaml")
        var server = try await site.startServer(["--config", "conf.yaml"])
        let path = "/v1/services/web/instances/Web-1"
        let body = #"{"address":"10.0.0.1","metadata":{"secret":"s1"},"lease_seconds":null}"#
        try await server.register("web", "Web-1", body)
        for _ in 0..<2 {
          #expect(try await server.digShort("web-1.web.mesh.internal", "TXT") == ["\"\""])
          let any = try await server.dig("web-1.web.mesh.internal", "ANY", "+tcp")
          #expect(any.status == "NOERROR" && !any.text.contains("s1"))
          #expect(try await server.curl("GET", path)["metadata"] == #"{"secret":"s1"}"#)
          server.kill()
          server = try await server.startAgain(["--config", "conf.yaml"])
        }
        server = try await server.killAndStartAgain()
        #expect(try await server.digShort("web-1.web.mesh.internal", "TXT") == [#""secret=s1""#])
      }
    }

    @Test("--check says that all is right, and makes nothing")
    func goodCheck() async throws {
      try await withSite { site in
        try site.write(ZoneFileText.example, to: "zones/example.org.zone")
        let output = try await site.rollcall([
          "serve", "--check", "--data", "data", "--zones", "zones",
        ])
        #expect(output.isSuccess, "\(output.errors)")
        #expect(output.errors.isEmpty)
        #expect(!site.exists("data"))
      }
    }

    @Test("--check names the line of every zone file that would be refused")
    func badCheck() async throws {
      try await withSite { site in
        try site.write(ZoneFileText.example, to: "zones/example.org.zone")
        try site.write(ZoneFileText.broken, to: "zones/broken.org.zone")
        try site.write("@ A 192.0.2.1\n", to: "zones/no-soa.org.zone")
        let output = try await site.rollcall(["serve", "--check", "--zones", "zones"])
        #expect(!output.isSuccess)
        #expect(output.text.isEmpty)
        let lines = output.errorLines
        #expect(lines.contains { $0.contains("zones/broken.org.zone:4: ") }, "\(lines)")
        #expect(lines.contains { $0.contains("zones/no-soa.org.zone") }, "\(lines)")
        #expect(!output.errors.contains("example.org"))
      }
    }

    @Test("--check refuses a wrong setting as serve does")
    func wrongSettingCheck() async throws {
      try await withSite { site in
        let output = try await site.rollcall(["serve", "--check", "--workers", "none"])
        expectOneLine(output, naming: ["workers", "none"])
      }
    }

    @Test("a wrong cookie secret is refused and not shown")
    func wrongSecret() async throws {
      try await withSite { site in
        for secrets in ["0123", "g5e973e5a6b2a43f48e7dc849e37bfcf"] {
          let output = try await site.rollcall(
            ["serve", "--check"], environment: ["ROLLCALL_COOKIE_SECRETS": secrets])
          expectOneLine(output, naming: ["cookie_secrets", "32 hexadecimal digits"])
          #expect(!output.errors.contains(secrets))
        }
      }
    }
  }
}
