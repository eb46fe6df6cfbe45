// The brake on mass expiry, in the program.

import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Brake on mass expiry")
  struct Brake {
    @Test("Half of a service expires, the rest is held for its time, and dig and the log say so")
    func brake() async throws {
      try await withSite { site in
        try site.write(
          """
          brake_share: 50
          brake_window_seconds: 60
          brake_hold_seconds: 3
          brake_minimum: 4

          """, to: "conf.yaml")
        let server = try await site.startServer(["--config", "conf.yaml"])
        let items = (1...10).map {
          #"{"service": "web", "id": "w\#($0)", "address": "10.0.0.\#($0)", "lease_seconds": 4}"#
        }
        let body = #"{"instances": [\#(items.joined(separator: ","))]}"#
        #expect(try await server.curl("POST", "/v1/instances", body).status == 200)
        var reply = try await server.dig("web.mesh.internal", "A")
        #expect(reply.extendedError == nil)
        try await wait(for: "half of it being gone", pause: .milliseconds(2)) {
          reply = try await server.dig("web.mesh.internal", "A")
          return reply.answer.count == 5
        }
        #expect(reply.extendedError?.hasPrefix("3") == true, "\(reply.text)")
        let held = try await server.ask("explain", "web.mesh.internal")
        #expect(held.rows.filter { $0.contains("yes") && $0.contains("held:") }.count == 5)
        try await wait(for: "the line") { server.log.contains("too many leases end at once") }
        try await wait(for: "the end of the hold") {
          try await server.dig("web.mesh.internal", "A").answer.isEmpty
        }
        #expect(try await server.dig("web.mesh.internal", "A").status == "NOERROR")
      }
    }

    @Test(
      "A setting outside its limits is refused",
      arguments: [
        ("BRAKE_SHARE", "101"), ("BRAKE_WINDOW_SECONDS", "0"), ("BRAKE_HOLD_SECONDS", "86401"),
        ("BRAKE_MINIMUM", "none"), ("EMPTY_SERVICE_SECONDS", "0"),
      ])
    func limits(_ name: String, _ value: String) async throws {
      try await withSite { site in
        let output = try await site.rollcall(
          ["serve", "--check"], environment: ["ROLLCALL_\(name)": value])
        expectOneLine(output, naming: [name.lowercased(), value])
      }
    }
  }
}
