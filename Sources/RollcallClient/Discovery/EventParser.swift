// What a server's event stream brings (text/event-stream of the HTML standard, section 9.2).

/// One event.
package struct StreamEvent: Sendable {
  /// A stream without an octet for so long is dead: the server sends a comment each 15 seconds.
  package static let silenceLimit = Duration.seconds(45)

  /// Nil for what is no change, at which no stream can be resumed.
  package let id: String?
  /// Such as `registered`.
  package let kind: String
  package let data: String

  package init(id: String?, kind: String, data: String) {
    self.id = id
    self.kind = kind
    self.data = data
  }
}

/// Makes events of a stream's octets, however these are cut into pieces.
package struct EventParser {
  /// Octets of a line: the data of an event show one instance.
  package static let lineLengthLimit = 1 << 20

  /// Where the stream is to be resumed.
  package private(set) var lastID: String?
  private var line: [UInt8] = []
  private var id: String?
  private var kind = ""
  private var data = ""

  package init() {}

  /// Forgets the half of an event that a lost connection has left.
  package mutating func beginAgain() {
    line = []
    (id, kind, data) = (nil, "", "")
  }

  /// - Returns: the events that end within these octets.
  package mutating func take(_ octets: some Sequence<UInt8>) throws(RollcallError) -> [StreamEvent]
  {
    var events: [StreamEvent] = []
    for octet in octets {
      guard octet == UInt8(ascii: "\n") else {
        line.append(octet)
        guard line.count <= Self.lineLengthLimit else {
          throw RollcallError(.unreadable, "the server sends an event with a line too long")
        }
        continue
      }
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      if line.isEmpty {
        if let event = endEvent() { events.append(event) }
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

  private mutating func endEvent() -> StreamEvent? {
    defer { (id, kind, data) = (nil, "", "") }
    if let id { lastID = id }
    guard !data.isEmpty else { return nil }
    return StreamEvent(id: id, kind: kind, data: data)
  }
}
