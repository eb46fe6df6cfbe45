// curl that is sent events, and what it has got so far.

import Foundation
import TestSupport
import Testing

/// One event of a stream.
struct ReceivedEvent: Equatable {
  let id: String?
  let kind: String
  let data: String

  /// A member of the data: a string, or another value as JSON.
  subscript(_ name: String) -> String? {
    RunningServer.Reply(status: 200, contentType: "", body: data)[name]
  }

  /// Revision, kind, service, id.
  var line: String {
    [id, kind, self["service"], self["id"]].compactMap(\.self).joined(separator: " ")
  }
}

struct EventClient {
  let child: Child
  /// Of the file that it writes what it gets to.
  let path: String

  /// - Parameter query: what comes after the path, with its question mark.
  init(
    _ server: RunningServer, _ query: String = "", lastEventID: String? = nil, token: String? = nil
  ) throws {
    let name = "events-\(UUID().uuidString)"
    path = server.site.path(name)
    var fields: [String] = []
    if let lastEventID { fields += ["-H", "Last-Event-ID: \(lastEventID)"] }
    if let token { fields += ["-H", "Authorization: Bearer \(token)"] }
    child = try server.site.start(
      ["curl", "-sSN", "--noproxy", "*", "--max-time", "240"] + fields
        + ["http://\(server.ready.http)/v1/events\(query)"],
      output: name, errors: "\(name)-errors")
  }

  var text: String { Site.text(of: path) }

  /// Those that are here as a whole.
  var events: [ReceivedEvent] {
    text.components(separatedBy: "\n\n").dropLast().compactMap { block in
      let fields = block.split(separator: "\n").compactMap { line -> (String, String)? in
        guard let colon = line.firstRange(of: ": "), colon.lowerBound > line.startIndex else {
          return nil
        }
        return (String(line[..<colon.lowerBound]), String(line[colon.upperBound...]))
      }
      let values = Dictionary(fields) { $1 }
      guard let kind = values["event"], let data = values["data"] else { return nil }
      return ReceivedEvent(id: values["id"], kind: kind, data: data)
    }
  }

  var lines: [String] { events.map(\.line) }

  /// Returns when the stream has begun, after which it has all that happens.
  func waitForBeginning() async throws {
    try await wait(for: "the stream's beginning") { text.contains("id: ") }
  }

  func waitForEvents(_ count: Int) async throws {
    try await wait(for: "\(count) events") { events.count >= count }
  }
}
