// `rollcall config`: what is in force and where it comes from.

import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Showing the settings")
  struct ConfigCommand {
    private static let file = """
      zone: file.internal
      workers: 2
      dns: ["127.0.0.1:1", "[::1]:1"]
      cookie_secrets: ["e5e973e5a6b2a43f48e7dc849e37bfcf"]

      """

    /// Value and origin of each setting.
    private func settings(_ output: Site.Output) -> [String: (value: Any?, words: [String])] {
      let list = output.object["settings"] as? [[String: Any]] ?? []
      return list.reduce(into: [:]) { settings, entry in
        let words = [entry["source"], entry["from"]].compactMap { $0 as? String }
        settings[entry["name"] as? String ?? ""] = (entry["value"], words)
      }
    }

    @Test("Each setting has its value and who set it: default, file, environment or flag")
    func sources() async throws {
      try await withSite { site in
        try site.write(Self.file, to: "conf.yaml")
        let arguments = ["config", "--config", "conf.yaml", "--data", "here"]
        let environment = ["ROLLCALL_WORKERS": "3", "ROLLCALL_DATA": "there"]
        let output = try await site.rollcall(arguments + ["--json"], environment: environment)
        #expect(output.isSuccess && output.errors.isEmpty, "\(output.errors)")
        let found = settings(output)
        #expect(found["zone"]?.value as? String == "file.internal.")
        #expect(found["zone"]?.words == ["file", "conf.yaml"])
        #expect(found["workers"]?.value as? String == "3")
        #expect(found["workers"]?.words == ["environment", "ROLLCALL_WORKERS"])
        #expect(found["data"]?.value as? String == "here")
        #expect(found["data"]?.words == ["flag", "--data"])
        #expect(found["dns"]?.value as? [String] == ["127.0.0.1:1", "[::1]:1"])
        #expect(found["stop_seconds"]?.value as? String == "10")
        #expect(found["stop_seconds"]?.words == ["default"])
        #expect(found["tokens"]?.value is NSNull)
        let table = try await site.rollcall(arguments, environment: environment)
        #expect(table.rows.first == ["SETTING", "VALUE", "FROM"])
        #expect(table.rows.contains(["dns", "127.0.0.1:1,[::1]:1", "conf.yaml"]))
        #expect(table.rows.contains(["tokens", "-", "default"]))
        #expect(table.rows.count == found.count + 1)
        for text in [output.text, table.text] { #expect(!text.contains("e5e973")) }
      }
    }

    @Test("What is printed can be set, and is then the same")
    func roundTrip() async throws {
      try await withSite { site in
        let before = settings(try await site.rollcall(["config", "--json"]))
        let lines = before.compactMap { name, setting -> String? in
          if let list = setting.value as? [String] { return "\(name): \(list)" }
          return (setting.value as? String).map { "\(name): \"\($0)\"" }
        }
        try site.write(lines.joined(separator: "\n"), to: "conf.yaml")
        let output = try await site.rollcall(["config", "--config", "conf.yaml", "--json"])
        #expect(output.isSuccess, "\(output.errors)")
        let after = settings(output)
        for (name, setting) in before {
          #expect(
            "\(String(describing: after[name]?.value))" == "\(String(describing: setting.value))")
        }
        #expect(lines.count > 20 && after["zone"]?.words == ["file", "conf.yaml"])
      }
    }

    @Test("docs/configuration.md is what the program prints, with each setting once")
    func reference() async throws {
      try await withSite { site in
        let output = try await site.rollcall(["config", "--reference"])
        #expect(output.isSuccess && output.errors.isEmpty, "\(output.errors)")
        #expect(output.text == Site.text(of: Repository.path("docs/configuration.md")))
        let names = settings(try await site.rollcall(["config", "--json"])).keys
        #expect(Self.rows(output.text).map { $0[0] }.sorted() == names.sorted())
      }
    }

    @Test("The reference's defaults and flags are those of the program")
    func defaults() async throws {
      try await withSite { site in
        let found = settings(try await site.rollcall(["config", "--json"]))
        let help = try await site.rollcall(["serve", "--help"]).text
        for row in Self.rows(try await site.rollcall(["config", "--reference"]).text) {
          let value = found[row[0]]?.value
          let values = value as? [String] ?? (value as? String).map { [$0] } ?? []
          // Without a default it is taken from the machine, from another setting or is none.
          if !row[2].isEmpty {
            #expect(values.joined(separator: ", ") == row[2], "\(row[0])")
          }
          let flag = "--" + row[0].replacing("_", with: "-")
          #expect(row[1] == (help.contains("\(flag) <") ? flag : ""), "\(row[0])")
        }
      }
    }

    /// The first three cells of each setting's row.
    private static func rows(_ reference: String) -> [[String]] {
      reference.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { row in
        row.split(separator: "|").prefix(3).map { cell in
          String(cell.split(separator: "`").dropFirst().first ?? "")
        }
      }
    }

    @Test("A wrong setting is the error that serve has; a misspelt one gets a suggestion")
    func errors() async throws {
      try await withSite { site in
        expectOneLine(
          try await site.rollcall(["config", "--workers", "none"]), naming: ["workers", "none"])
        try site.write("rate_limt: 5\n", to: "conf.yaml")
        expectOneLine(
          try await site.rollcall(["config", "--config", "conf.yaml"]),
          naming: ["conf.yaml", "rate_limt", "did you mean 'rate_limit'?"])
        let unknown = try await site.rollcall(["config"], environment: ["ROLLCALL_ZOEN": "x"])
        #expect(unknown.isSuccess && unknown.errors.contains("ROLLCALL_ZOEN"))
      }
    }
  }
}
