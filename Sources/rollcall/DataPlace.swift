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

/// Runs a subcommand's work; what goes wrong is one line and exit code 1.
func orOneLine(_ work: () async throws -> Void) async throws {
  do {
    try await work()
  } catch {
    StandardError.write(line: "rollcall: \(error)")
    throw ExitCode(1)
  }
}
