// `rollcall renew`: an instance's lease begins anew.

import APIClient
import ArgumentParser
import JSONText
import RollcallClient

struct RenewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "renew",
    abstract: "Renew an instance's lease, and perhaps change its status.",
    discussion: """
      An instance that is critical is in no answer for its service while it renews its lease.

      EXAMPLES
        rollcall renew web web-1
        rollcall renew web web-1 --status critical
      """)

  @OptionGroup var instance: InstanceArguments

  @Option(
    help: "passing, warning or critical.", completion: .list(["passing", "warning", "critical"]))
  var status: String?

  @OptionGroup var server: ServerOptions

  @Flag(help: "Print the instance as a JSON object.")
  var json = false

  func run() async throws {
    try await orOneLine {
      let shown = try await server.withClient { client in
        try await client.send(.renew(instance.name, status: status))
      }
      let end = shown["expires_at"]?.string.map { "until \($0)" } ?? "without end"
      let words =
        "renewed \(instance.id) of \(instance.service), \(shown["status"]?.string ?? ""), \(end)"
      print(json ? shown.line : words)
    }
  }
}
