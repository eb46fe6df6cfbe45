// The last changes, for those who missed some.

import DequeModule

/// A ring of events in order of revision. When it is full, the oldest goes for each new one.
struct EventLog {
  private var events: Deque<RegistryEvent> = []
  private let limit: Int
  /// All changes after this revision are in the log.
  private(set) var start: UInt64 = 0

  /// - Parameter limit: events that are kept, at least one.
  init(limit: Int) {
    self.limit = limit
  }

  /// The revision of the last change.
  var end: UInt64 { events.last?.revision ?? start }

  /// Nothing is known of what was before `revision`.
  mutating func begin(at revision: UInt64) {
    events = []
    start = revision
  }

  mutating func append(_ event: RegistryEvent) {
    if events.count == limit { start = events.removeFirst().revision }
    events.append(event)
  }

  /// A part of what comes after a revision.
  struct Page {
    var events: [RegistryEvent] = []
    /// All that is wanted up to this revision is in the pages so far.
    var reached: UInt64
    /// There is nothing after `reached` yet.
    var isLast: Bool
  }

  /// The first events after `revision` that are wanted, few enough to be found in a short time.
  ///
  /// - Returns: nil when some may be missing because the log begins later.
  func page(after revision: UInt64, where isWanted: (RegistryEvent) -> Bool) -> Page? {
    guard revision >= start else { return nil }
    let first = place(after: revision)
    let last = min(first + RegistryLimits.eventSearch, events.count)
    var page = Page(reached: max(revision, end), isLast: true)
    for place in first..<last where isWanted(events[place]) {
      guard page.events.count < RegistryLimits.eventPage else {
        page.reached = events[place - 1].revision
        page.isLast = false
        return page
      }
      page.events.append(events[place])
    }
    if last < events.count {
      page.reached = events[last - 1].revision
      page.isLast = false
    }
    return page
  }

  /// Whether there is an event of `service` after `revision`; nil when the log begins later.
  func hasEvent(of service: ServiceName, after revision: UInt64) -> Bool? {
    guard revision >= start else { return nil }
    return events[place(after: revision)...].contains { $0.service == service }
  }

  private func place(after revision: UInt64) -> Int {
    var low = 0
    var high = events.count
    while low < high {
      let middle = (low + high) / 2
      if events[middle].revision <= revision { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
