// `rollcall config`: the settings in force and where each comes from.

import ArgumentParser
import JSONText

struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Print the settings that 'serve' would have, and where each comes from.",
    discussion: """
      With the same options, environment and file as 'serve', which is not started. What is wrong \
      is an error as there; secrets are not shown. With --reference it prints what settings there \
      are instead, in Markdown.

      EXAMPLES
        rollcall config --config /etc/rollcall/rollcall.yaml
        rollcall config --reference
        rollcall config --json | jq -r '.settings[] | select(.source != "default") | .name'
      """)

  @OptionGroup var options: SettingsOptions

  @Flag(help: "Print a JSON object.")
  var json = false

  @Flag(help: "Print what settings there are, with defaults and limits.")
  var reference = false

  func run() async throws {
    guard !reference else {
      print(SettingReference.markdown, terminator: "")
      return
    }
    try await orOneLine {
      let settings = try await options.settings()
      for name in settings.unknownVariables {
        StandardError.write(line: "rollcall: warning: no setting has the variable \(name)")
      }
      if json {
        print(
          JSON.object([("settings", .array(SettingKey.allCases.map { settings.json(of: $0) }))])
            .line)
      } else {
        for line in settings.table.lines(withColours: Terminal.hasColours) { print(line) }
      }
    }
  }
}

extension Settings {
  fileprivate var table: TextTable {
    var table = TextTable(["SETTING", "VALUE", "FROM"])
    for key in SettingKey.allCases {
      let values = values(of: key)
      let source = sources[key] ?? .usual
      table.append([
        .init(key.rawValue), .init(values.isEmpty ? "-" : values.joined(separator: ",")),
        .init(source.place ?? source.kind, source == .usual ? nil : .green),
      ])
    }
    return table
  }

  fileprivate func json(of key: SettingKey) -> JSON {
    let values = values(of: key)
    let source = sources[key] ?? .usual
    return .object([
      ("name", .string(key.rawValue)),
      ("value", key.isList ? .array(values.map(JSON.string)) : .text(values.first)),
      ("source", .string(source.kind)), ("from", .text(source.place)),
    ])
  }
}
