// The settings of the server that the command line has.

import ArgumentParser

struct SettingsOptions: ParsableArguments {
  @Option(help: "Read settings from this YAML file.")
  var config: String?

  @Option(help: "The service zone, below which registered names stand.")
  var zone: String?

  @Option(help: "Answer DNS here, over UDP and TCP. Repeatable.")
  var dns: [String] = []

  @Option(help: "Serve the HTTP API here. Repeatable. Beyond loopback it needs TLS and tokens.")
  var http: [String] = []

  @Option(
    help: ArgumentHelp(
      "Reply to some clients as they need it: musl, haproxy, dnsmasq or single, '=', and their "
        + "prefix or an address of --dns. Repeatable.", valueName: "profile=clients"))
  var clientProfile: [String] = []

  @Option(
    help: ArgumentHelp(
      "Ask this DNS server for names outside all zones. Repeatable.", valueName: "address:port"))
  var forward: [String] = []

  @Option(help: "The file of tokens, one of which each call to the API needs then.")
  var tokens: String?

  @Option(help: "The address of ns in the service zone, if no zone file has it.")
  var nsAddress: String?

  @Option(help: "The directory of zone files.")
  var zones: String?

  @Option(help: "The directory of the server's state.")
  var data: String?

  @Option(help: "Threads that answer UDP queries on each address (default: one a core).")
  var workers: String?

  @Option(help: "The user to go on as when root starts this.")
  var user: String?

  @Option(help: "trace, debug, info, notice, warning, error or critical.")
  var logLevel: String?

  @Option(help: "text or json.")
  var logFormat: String?

  /// Those in force, from here, the environment and the file.
  func settings() async throws -> Settings {
    try await Settings.read(flags: flags, file: config)
  }

  private var flags: [SettingKey: [String]] {
    let single: [(SettingKey, String?)] = [
      (.zone, zone), (.nsAddress, nsAddress), (.zones, zones), (.data, data),
      (.workers, workers), (.tokens, tokens), (.user, user), (.logLevel, logLevel),
      (.logFormat, logFormat),
    ]
    let lists: [SettingKey: [String]] = [
      .dns: dns, .http: http, .clientProfile: clientProfile, .forward: forward,
    ]
    var flags = lists.filter { !$0.value.isEmpty }
    for (key, value) in single { flags[key] = value.map { [$0] } }
    return flags
  }
}
