// What a server's event stream brings (text/event-stream of the HTML standard, section 9.2).

package import JSONText

/// One event.
package struct ServerEvent: Sendable {
  /// Nil for what is no change, at which no stream can be resumed.
  package let id: String?
  /// Such as `registered`.
  package let kind: String
  package let data: JSON
}

/// Makes events of a stream's octets, however these are cut into pieces.
struct EventParser {
  /// Octets of a line: the data of an event show one instance.
  static let lineLengthLimit = 1 << 20

  /// Where the stream is to be resumed.
  private(set) var lastID: String?
  private var line: [UInt8] = []
  private var id: String?
  private var kind = ""
  private var data = ""

  /// Forgets the half of an event that a lost connection has left.
  mutating func beginAgain() {
    line = []
    (id, kind, data) = (nil, "", "")
  }

  /// - Returns: the events that end within these octets.
  mutating func take(_ octets: some Sequence<UInt8>) throws(APIError) -> [ServerEvent] {
    var events: [ServerEvent] = []
    for octet in octets {
      guard octet == UInt8(ascii: "\n") else {
        line.append(octet)
        guard line.count <= Self.lineLengthLimit else { throw Self.unreadable("a line too long") }
        continue
      }
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      if line.isEmpty {
        if let event = try endEvent() { events.append(event) }
      } else {
        takeField(String(decoding: line, as: UTF8.self))
      }
      line.removeAll(keepingCapacity: true)
    }
    return events
  }

  /// A line without a name before its colon is a comment.
  private mutating func takeField(_ line: String) {
    let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    var value = parts.count > 1 ? parts[1] : ""
    if value.first == " " { value.removeFirst() }
    switch parts[0] {
    case "id": id = String(value)
    case "event": kind = String(value)
    case "data": data += data.isEmpty ? value : "\n" + value
    default: break
    }
  }

  private mutating func endEvent() throws(APIError) -> ServerEvent? {
    defer { (id, kind, data) = (nil, "", "") }
    if let id { lastID = id }
    guard !data.isEmpty else { return nil }
    do throws(JSONError) {
      return ServerEvent(id: id, kind: kind, data: try JSON(text: Array(data.utf8)))
    } catch {
      throw Self.unreadable(error.reason)
    }
  }

  private static func unreadable(_ reason: String) -> APIError {
    APIError(.unreadable, "the server sends no events that can be read: \(reason)")
  }
}
