// `rollcall export`: all that is stored as lines of JSON.

import ArgumentParser
import JSONText
import RegistryStorage

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write all registrations as lines of JSON, also while the server runs.",
    discussion: """
      The first line says what the file is. After it comes a line for each service, in order of \
      name, then one for each instance, in order of service and id: what was acknowledged when the \
      command began. `rollcall import` takes the file back.

      EXAMPLES
        rollcall export --to registrations.jsonl
        rollcall export --data /var/lib/rollcall | grep '"service":"web"'
      """)

  @OptionGroup var place: DataPlace

  @Option(help: "The file to make, which must not be there yet; else standard output.")
  var to: String?

  @Flag(help: "Say what was done as JSON. Needs --to.")
  var json = false

  func validate() throws {
    guard !json || to != nil else {
      throw ValidationError("--json needs --to: standard output has the registrations")
    }
  }

  func run() async throws {
    try await orOneLine {
      let directory = try await place.settings().dataDirectory
      let output = try OutputFile(path: to)
      let progress = ProgressLine("exported")
      defer { progress.end() }
      let counts = try StoreSnapshot(directory: directory)
        .export(output.write, progress: progress.show)
      try output.finish()
      guard let to else { return }
      let report = JSON.object([
        ("file", .string(to)), ("services", .integer(counts.services)),
        ("instances", .integer(counts.instances)),
      ])
      print(
        json
          ? report.line
          : "\(counts.services) services and \(counts.instances) instances are in \(to)")
    }
  }
}
