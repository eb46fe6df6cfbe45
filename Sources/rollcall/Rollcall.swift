// The program's command line.

import ArgumentParser

@main
struct Rollcall: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollcall",
    abstract: "An authoritative DNS server for service discovery.",
    discussion: """
      Instances register over HTTP and keep a lease; DNS answers with those that are alive.
      """,
    version: Version.text,
    subcommands: [
      ServeCommand.self, ConfigCommand.self, CheckZoneCommand.self, TokenCommand.self,
    ],
    groupedSubcommands: [
      CommandGroup(
        name: "Client",
        subcommands: [
          ListCommand.self, WatchCommand.self, ExplainCommand.self, RegisterCommand.self,
          RenewCommand.self, DrainCommand.self, DeregisterCommand.self, ConfigureCommand.self,
        ]),
      CommandGroup(
        name: "Data",
        subcommands: [BackupCommand.self, ExportCommand.self, ImportCommand.self]),
    ])
}

enum Version {
  static let text = "0.1.0"
}
