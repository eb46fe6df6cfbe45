// `rollcall deregister`: takes an instance out at once.

import APIClient
import ArgumentParser
import JSONText
import RollcallClient

struct DeregisterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deregister",
    abstract: "Take an instance out of the registry at once.",
    discussion: """
      Clients that have just been told of it may still connect: 'rollcall drain' takes it out \
      without that.

      EXAMPLES
        rollcall deregister web web-1
      """)

  @OptionGroup var instance: InstanceArguments

  @OptionGroup var server: ServerOptions

  @Flag(help: "Say what was done as JSON.")
  var json = false

  func run() async throws {
    try await orOneLine {
      _ = try await server.withClient { try await $0.send(.deregister(instance.name)) }
      let report = JSON.object([
        ("service", .string(instance.service)), ("id", .string(instance.id)),
      ])
      print(json ? report.line : "deregistered \(instance.id) of \(instance.service)")
    }
  }
}
