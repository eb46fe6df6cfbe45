// `rollcall check-zone`: what the server would say of zone files.

import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Checking zone files")
  struct CheckZone {
    @Test("A good file is summed up, with warnings beside, and the status is 0")
    func good() async throws {
      try await withSite { site in
        try site.write(ZoneFileText.example, to: "zones/example.org.zone")
        let output = try await site.rollcall(["check-zone", "zones/example.org.zone"])
        #expect(output.isSuccess && output.errors.isEmpty, "\(output.errors)")
        #expect(output.text.hasPrefix("zones/example.org.zone: zone example.org., serial "))
        try site.write(
          ZoneFileText.example + "\nmixed 5 A 192.0.2.1\nmixed 6 A 192.0.2.2\n", to: "x")
        let draft = try await site.rollcall(["check-zone", "--origin", "example.org", "x"])
        #expect(draft.isSuccess && draft.text.hasPrefix("x: zone example.org."))
        #expect(draft.errors.hasPrefix("rollcall: warning: x:"))
      }
    }

    @Test("Each file that would be refused is named with line and reason, and the status is 1")
    func bad() async throws {
      try await withSite { site in
        try site.write(ZoneFileText.example, to: "zones/example.org.zone")
        try site.write(ZoneFileText.broken, to: "zones/broken.org.zone")
        let files = [
          "zones/broken.org.zone", "zones/example.org.zone", "zones/none.org.zone", "x.txt",
        ]
        let output = try await site.rollcall(["check-zone"] + files)
        #expect(output.end == .exit(1) && output.text.hasPrefix("zones/example.org.zone: "))
        let lines = output.errorLines
        #expect(lines.count == 3)
        for start in ["zones/broken.org.zone:4: ", "zones/none.org.zone: ", "x.txt: "] {
          #expect(lines.contains { $0.hasPrefix("rollcall: \(start)") }, "\(lines)")
        }
        // The same words as the server's.
        let check = try await site.rollcall(["serve", "--check", "--zones", "zones"])
        #expect(check.errorLines.contains(lines.first { $0.contains(":4: ") } ?? ""))
      }
    }

    @Test("--json tells the same as an object")
    func json() async throws {
      try await withSite { site in
        try site.write(ZoneFileText.example, to: "zones/example.org.zone")
        try site.write(ZoneFileText.broken, to: "zones/broken.org.zone")
        let output = try await site.rollcall([
          "check-zone", "--json", "zones/example.org.zone", "zones/broken.org.zone",
        ])
        #expect(output.end == .exit(1) && output.errors.isEmpty)
        let files = output.object["files"] as? [[String: Any]] ?? []
        #expect(files.map { $0["zone"] as? String } == ["example.org."])
        #expect((files.first?["records"] as? Int ?? 0) > 2)
        let refused = output.object["refused"] as? [[String: Any]] ?? []
        #expect(refused.map { $0["file"] as? String } == ["zones/broken.org.zone"])
        #expect(refused.first?["line"] as? Int == 4 && refused.first?["reason"] is String)
      }
    }
  }
}
