// `rollcall configure`: how a service is answered.

import APIClient
import ArgumentParser
import JSONText
import RollcallClient

struct ConfigureCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "configure",
    abstract: "Set how a service is answered, or show it.",
    discussion: """
      What is not named stays as it is. A service with settings exists until it is removed, \
      instances or not.

      EXAMPLES
        rollcall configure web --ttl 30
        rollcall configure web --max-answers 4 --ttl default
        rollcall configure web
      """)

  @Argument(help: "The service's name.")
  var service: String

  @Option(
    help: ArgumentHelp("Seconds that an answer may be kept, or default.", valueName: "seconds"))
  var ttl: String?

  @Option(
    help: ArgumentHelp("Records of an answer at most, or default: all.", valueName: "count"))
  var maxAnswers: String?

  @OptionGroup var server: ServerOptions

  @Flag(help: "Print the settings as a JSON object.")
  var json = false

  func validate() throws {
    guard !service.isEmpty else { throw ValidationError("the service's name may not be empty") }
    _ = try settings
  }

  private var settings: [(name: String, value: JSON)] {
    get throws {
      try zip(ServiceSettingsChange.names, [("--ttl", ttl), ("--max-answers", maxAnswers)])
        .compactMap {
          name, option in
          try option.1.map { (name, try Self.value($0, of: option.0)) }
        }
    }
  }

  private static func value(_ text: String, of option: String) throws -> JSON {
    guard text != "default" else { return .null }
    guard let number = Int(text) else {
      throw ValidationError("\(option) '\(text)' must be a number or default")
    }
    return .integer(number)
  }

  func run() async throws {
    try await orOneLine {
      let settings = try settings
      let shown = try await server.withClient { client in
        settings.isEmpty
          ? try await client.send(.service(service))
          : try await ServiceSettingsChange(settings).perform(on: service, client)
      }
      let members = ServiceSettingsChange.names.map { ($0, shown[$0] ?? .null) }
      let name = shown["name"] ?? .string(service)
      if json {
        print(JSON.object([("name", name)] + members).line)
      } else {
        let words = members.map { "\($0) \($1.integer.map(String.init) ?? "default")" }
        print("\(name.string ?? service): \(words.joined(separator: ", "))")
      }
    }
  }
}
