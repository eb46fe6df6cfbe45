// Log lines on standard error, for people or for machines.

import FoundationEssentials
import Logging
import RegistryAPI
import ServiceRegistry

/// How a log line looks.
enum LogFormat: String, CaseIterable {
  case text
  case json

  /// Makes this the format of all loggers of the process. To be called once.
  static func bootstrap(_ format: LogFormat, level: Logger.Level) {
    LoggingSystem.bootstrap { label in
      LineLogHandler(label: label, format: format, logLevel: level)
    }
  }
}

/// Writes each message as one line in one call, so that lines of several threads don't mix.
private struct LineLogHandler: LogHandler {
  let label: String
  let format: LogFormat
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  init(label: String, format: LogFormat, logLevel: Logger.Level) {
    self.label = label
    self.format = format
    self.logLevel = logLevel
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var values = metadata.merging(event.metadata ?? [:]) { $1 }
    if let error = event.error { values["reason"] = "\(error)" }
    // A member is there once, and the fixed ones are what they say.
    let fields = values.map { (Self.fixed.contains($0.key) ? "\($0.key)_" : $0.key, "\($0.value)") }
      .sorted { $0.0 < $1.0 }
    let time = timestamp(RegistryClock.system.wall())
    let line =
      switch format {
      case .text: text(time, event, fields)
      case .json: json(time, event, fields)
      }
    StandardError.write(line: line)
  }

  /// What each line has.
  private static let fixed = ["time", "level", "message"]

  private func text(_ time: String, _ event: LogEvent, _ fields: [(String, String)]) -> String {
    let values = fields.map { name, value in
      Self.isPlain(value) ? " \(name)=\(value)" : " \(name)=\(Self.quoted(value))"
    }
    let message = "\(event.message)"
    let shown = message.utf8.allSatisfy(Self.isVisible) ? message : Self.quoted(message)
    return "\(time) \(event.level) \(shown)\(values.joined())"
  }

  /// Whether a value is one word that can't be taken for anything else.
  private static func isPlain(_ value: String) -> Bool {
    !value.isEmpty
      && value.utf8.allSatisfy {
        isVisible($0) && $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\"")
      }
  }

  private static func isVisible(_ octet: UInt8) -> Bool { (0x20..<0x7F).contains(octet) }

  private func json(_ time: String, _ event: LogEvent, _ fields: [(String, String)]) -> String {
    let all = zip(Self.fixed, [time, "\(event.level)", "\(event.message)"]) + fields
    return "{" + all.map { "\(Self.quoted($0)):\(Self.quoted($1))" }.joined(separator: ",") + "}"
  }

  /// `text` as a JSON string. Whatever could end the line, or have a terminal show it otherwise
  /// than it is, is escaped.
  private static func quoted(_ text: String) -> String {
    guard let data = try? JSONEncoder().encode(text) else { return "\"\"" }
    guard !data.allSatisfy(isVisible) else { return String(decoding: data, as: UTF8.self) }
    return String(decoding: data, as: UTF8.self).unicodeScalars.map { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: escaped(scalar)
      default: String(scalar)
      }
    }.joined()
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    String(scalar).utf16.map { unit in
      let digits = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }.joined()
  }
}
