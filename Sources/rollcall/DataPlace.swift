// Where the subcommands that work on a data directory find it.

import ArgumentParser

/// The options that name a server's settings, as `serve` takes them.
struct DataPlace: ParsableArguments {
  @Option(help: "Read the server's settings from this YAML file.")
  var config: String?

  @Option(help: "The directory of the server's state.")
  var data: String?

  func settings(_ flags: [SettingKey: String?] = [:]) async throws -> Settings {
    var named = flags.compactMapValues { value in value.map { [$0] } }
    if let data { named[.data] = [data] }
    return try await Settings.read(flags: named, file: config)
  }
}
