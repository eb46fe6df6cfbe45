// `rollcall serve`: the server.

import ArgumentParser
import Logging

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Answer DNS queries and take registrations.",
    discussion: """
      Without any option: DNS on 127.0.0.1:5300 (UDP and TCP), the HTTP API on 127.0.0.1:8053, \
      zone files from zones/, state in rollcall-data/.

      Every option can also stand in the file that --config names (dashes are underscores there, \
      lists are YAML lists) and in the environment (--ns-address is ROLLCALL_NS_ADDRESS; lists \
      with commas). An option here goes before the environment, and that before the file. More \
      settings stand only there: 'rollcall config --reference' lists them all.

      EXAMPLES
        rollcall serve
        rollcall serve --dns 127.0.0.1:53 --dns [::1]:53 --data /var/lib/rollcall
        rollcall serve --config /etc/rollcall.yaml --check
      """)

  @OptionGroup var options: SettingsOptions

  @Flag(help: "Check the settings and the zone files, and end.")
  var check = false

  func run() async throws {
    try await orOneLine {
      let settings = try await options.settings()
      LogFormat.bootstrap(settings.logFormat, level: settings.logLevel)
      try Privileges.drop(for: settings, isCheckOnly: check)
      if check {
        try Server.check(settings)
      } else {
        try await Server.run(settings)
      }
    }
  }
}
