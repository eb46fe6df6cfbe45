// The texts of the last events that somebody watches, made once for all watchers.

import DequeModule
import NIOCore
import ServiceRegistry

/// Events by their place in a sequence that only grows; the oldest go when all are too long.
struct RecentEvents {
  struct Entry {
    let event: RegistryEvent
    let text: ByteBuffer
  }

  private var entries: Deque<Entry> = []
  private var octets = 0
  private let limit: Int
  /// The place of the first that is still there.
  private(set) var start = 0

  /// - Parameter limit: octets of all texts.
  init(limit: Int) {
    self.limit = limit
  }

  /// The place of the next one to come.
  var end: Int { start + entries.count }

  subscript(place: Int) -> Entry { entries[place - start] }

  mutating func append(_ entry: Entry) {
    entries.append(entry)
    octets += entry.text.readableBytes
  }

  /// Removes the oldest if there is too much.
  mutating func popSurplus() -> Entry? {
    guard octets > limit, let first = entries.popFirst() else { return nil }
    octets -= first.text.readableBytes
    start += 1
    return first
  }
}
