// Log lines on standard error, for people or for machines.

import FoundationEssentials
import Logging

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
    let fields = metadata.merging(event.metadata ?? [:]) { $1 }
      .map { ($0.key, "\($0.value)") }.sorted { $0.0 < $1.0 }
    let time = Date.now.ISO8601Format(
      .iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(
        separator: .omitted))
    let line =
      switch format {
      case .text: text(time, event, fields)
      case .json: json(time, event, fields)
      }
    StandardError.write(line: line)
  }

  private func text(_ time: String, _ event: LogEvent, _ fields: [(String, String)]) -> String {
    let values = fields.map { name, value in
      value.contains(where: { $0 == " " || $0 == "\"" || $0.isNewline })
        ? " \(name)=\(Self.quoted(value))" : " \(name)=\(value)"
    }
    return "\(time) \(event.level) \(event.message)\(values.joined())"
  }

  private func json(_ time: String, _ event: LogEvent, _ fields: [(String, String)]) -> String {
    let all =
      [("time", time), ("level", "\(event.level)"), ("message", "\(event.message)")] + fields
    return "{" + all.map { "\(Self.quoted($0)):\(Self.quoted($1))" }.joined(separator: ",") + "}"
  }

  /// `text` as a JSON string, which keeps any line break out of the log's lines.
  private static func quoted(_ text: String) -> String {
    guard let data = try? JSONEncoder().encode(text) else { return "\"\"" }
    return String(decoding: data, as: UTF8.self)
  }
}
