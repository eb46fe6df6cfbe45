// `rollcall check-zone`: says whether zone files would be served.

import ArgumentParser
import DNSWire
import JSONText
import LDNS

struct CheckZoneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-zone",
    abstract: "Read zone files as the server does and say what is wrong with them.",
    discussion: """
      A file is named after its zone (example.org.zone), unless --origin says otherwise. The exit \
      status is 1 if any file would be refused.

      EXAMPLES
        rollcall check-zone zones/*.zone
        rollcall check-zone --origin example.org /tmp/draft
      """)

  @Argument(help: "The files.", completion: .file(extensions: ["zone"]))
  var files: [String]

  @Option(help: "The zone of the file, which then may have any name.")
  var origin: String?

  @Flag(help: "Print a JSON object.")
  var json = false

  func validate() throws {
    guard origin == nil || files.count == 1 else {
      throw ValidationError("--origin is for one file")
    }
    _ = try zone
  }

  private var zone: DomainName? {
    get throws {
      do {
        return try origin.map { try DomainName($0) }
      } catch {
        throw ValidationError("--origin '\(origin ?? "")' is no domain name: \(error)")
      }
    }
  }

  func run() throws {
    let zones = LoadedZones(paths: files, origin: try zone)
    if json {
      print(zones.report.line)
    } else {
      for file in zones.files { file.show() }
      for refusal in zones.refused { StandardError.write(line: "rollcall: \(refusal.error)") }
    }
    guard zones.refused.isEmpty else { throw ExitCode(ExitStatus.failure) }
  }
}

extension ZoneFile {
  fileprivate var serial: UInt32 {
    records.first { $0.type == .soa }.map { SOA.serial($0.rdata) } ?? 0
  }

  fileprivate func show() {
    for warning in warnings { StandardError.write(line: "rollcall: warning: \(warning)") }
    print("\(path): zone \(apex), serial \(serial), \(records.count) records")
  }
}

extension LoadedZones {
  fileprivate var report: JSON {
    .object([
      ("files", .array(files.map(\.report))),
      (
        "refused", .array(refused.map { Self.place($0.error.file, $0.error.line, $0.error.reason) })
      ),
    ])
  }

  fileprivate static func place(_ file: String, _ line: Int?, _ reason: String) -> JSON {
    .object([
      ("file", .string(file)), ("line", line.map { .integer($0) } ?? .null),
      ("reason", .string(reason)),
    ])
  }
}

extension ZoneFile {
  fileprivate var report: JSON {
    .object([
      ("file", .string(path)), ("zone", .string(apex.description)),
      ("serial", .integer(Int(serial))), ("records", .integer(records.count)),
      ("warnings", .array(warnings.map { LoadedZones.place($0.file, $0.line, $0.text) })),
    ])
  }
}
