// The settings that the Debian package installs.

import TestSupport
import Testing

extension EndToEnd {
  @Suite("Shipped settings")
  struct ShippedSettings {
    /// A line of the file that sets something, or would without its "#".
    private let lines = Site.text(of: Repository.path("tools/packaging/rollcall.yaml"))
      .split(separator: "\n").filter { !$0.hasPrefix("# ") }.map { $0.drop { $0 == "#" } }

    @Test("The file shows every setting that the documentation has, and no other")
    func complete() {
      let documentation = Site.text(of: Repository.path("docs/configuration.md"))
      let documented = documentation.split(separator: "\n").filter { $0.hasPrefix("| `") }
        .map { $0.split(separator: "`")[1] }
      #expect(documented.count > 10)
      #expect(Set(lines.compactMap { $0.split(separator: ":").first }) == Set(documented))
    }

    @Test("What it shows is right")
    func right() async throws {
      try await withSite { site in
        // This machine need not have that user and these files.
        let absent = ["user:", "tokens:", "tls_"]
        let shown = lines.filter { line in !absent.contains { line.hasPrefix($0) } }
        try site.write(shown.joined(separator: "\n"), to: "shown.yaml")
        let check = try await site.rollcall([
          "serve", "--check", "--config", "shown.yaml", "--zones", "zones",
        ])
        #expect(check.isSuccess, "\(check.errors)")
      }
    }
  }
}
