// Events as they are sent (text/event-stream of the HTML standard, section 9.2).

import JSONText
import NIOCore
import ServiceRegistry

enum EventText {
  /// A comment, so that neither end takes the connection for dead.
  static let heartbeat = ByteBuffer(string: ":\n\n")

  /// Where a stream begins: a client that comes again says so, though it has seen no event.
  static func begin(at revision: UInt64) -> ByteBuffer {
    ByteBuffer(string: ": events from here on\nid: \(revision)\n\n")
  }

  /// What was missed can't be told: list again, and go on from this revision.
  static func reset(to revision: UInt64) -> ByteBuffer {
    ByteBuffer(string: "id: \(revision)\nevent: reset\ndata: {\"revision\":\(revision)}\n\n")
  }

  static func text(of published: PublishedEvent, _ names: OwnerNames) -> ByteBuffer {
    let event = published.event
    var text = JSONWriter()
    text.reserveCapacity(usualLength)
    // What is no change can't be resumed at.
    if event.kind != .held { text.append(plain: "id: \(event.revision)\n") }
    text.append(plain: "event: \(event.kind.rawValue)\ndata: ")
    text.append(verbatim: #"{"service":"#)
    text.append(event.service.text)
    if let id = event.id {
      text.append(verbatim: #","id":"#)
      text.append(id.text)
    }
    text.append(verbatim: #","revision":"#)
    text.append(Int(event.revision))
    if event.id != nil {
      text.append(verbatim: #","instance":"#)
      if let instance = published.instance {
        text.append(instance, names)
      } else {
        text.append(verbatim: "null")
      }
    }
    text.append(verbatim: "}\n\n")
    return ByteBuffer(bytes: text.octets)
  }

  /// Octets of an event that shows an instance, about.
  private static let usualLength = 768
}
