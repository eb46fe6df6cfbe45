// `rollcall import`: takes back what `rollcall export` has written.

import ArgumentParser
import JSONText
import RegistryStorage
import ServiceRegistry

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Fill a data directory with what 'rollcall export' has written.",
    discussion: """
      No server may use the data directory. Each line is checked by the rules of a registration, \
      with the service zone and the zone files that the settings name; if any is wrong, its number \
      is told and nothing is changed.

      EXAMPLES
        rollcall import registrations.jsonl
        rollcall import registrations.jsonl --data /var/lib/rollcall --replace --json
      """)

  @Argument(help: "The file to read.")
  var file: String

  @OptionGroup var place: DataPlace

  @Option(help: "The service zone, below which registered names stand.")
  var zone: String?

  @Option(help: "The directory of zone files.")
  var zones: String?

  @Flag(help: "Remove what is stored in the data directory.")
  var replace = false

  @Flag(help: "Say what was done as JSON.")
  var json = false

  func run() async throws {
    try await orOneLine {
      let settings = try await place.settings([.zone: zone, .zones: zones])
      let directory = try DataDirectory(path: settings.dataDirectory)
      let target = try StoreImport(into: directory, isReplacing: replace)
      try await fill(target, settings)
      try target.finish()
      let (services, instances) = (target.serviceCount, target.instanceCount)
      let report = JSON.object([
        ("data", .string(directory.path)), ("services", .integer(services)),
        ("instances", .integer(instances)),
      ])
      let words = "\(services) services and \(instances) instances are in \(directory.path)"
      print(json ? report.line : words)
    }
  }

  private func fill(_ target: StoreImport, _ settings: Settings) async throws {
    let lines = try LineReader(path: file)
    var rules = try await RegistrationRules(settings, file: file)
    let progress = ProgressLine("imported")
    defer { progress.end() }
    while let line = try lines.next() {
      let added: (key: InstanceKey, registration: Registration)?
      do throws(SavedStateError) {
        added = try target.add(line)
      } catch {
        throw LineError(file: file, line: lines.number, reason: "\(error)")
      }
      if let added { try await rules.add(added.key, added.registration, line: lines.number) }
      progress.show(lines.part)
    }
    try await rules.check()
  }
}

/// What is wrong with a line.
struct LineError: Error, CustomStringConvertible {
  let file: String
  let line: Int
  let reason: String

  var description: String { "\(file):\(line): \(reason); nothing was changed" }
}
