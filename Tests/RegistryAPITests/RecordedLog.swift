// What a server under test has logged.

import Logging
import Synchronization

/// Every line of every level.
final class RecordedLog: Sendable {
  struct Line: Sendable {
    let level: Logger.Level
    let message: String
    let metadata: [String: String]
  }

  private let recorded = Mutex<[Line]>([])

  var lines: [Line] { recorded.withLock(\.self) }
  /// The fields of the lines that say who changed what.
  var audit: [[String: String]] { lines.filter { $0.message == "audit" }.map(\.metadata) }

  var logger: Logger { Logger(label: "test") { _ in Handler(recorder: self) } }

  private struct Handler: LogHandler {
    let recorder: RecordedLog
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let fields = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { "\($0)" }
      let line = Line(level: event.level, message: "\(event.message)", metadata: fields)
      recorder.recorded.withLock { $0.append(line) }
    }
  }
}
