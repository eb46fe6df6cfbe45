// Wakes those who watch, each by changes of its own services alone.

import DequeModule
import Dispatch
import NIOCore
import ServiceRegistry
import Synchronization

/// Who watches what, and the last events as they are sent.
///
/// The registry hands over what is watched; on a queue of its own the text of each event is made,
/// once, and then those are woken whom it concerns. They fetch the texts from here.
final class EventBroadcast: EventListener {
  /// A service that somebody watches by its name.
  fileprivate struct Topic {
    var watchers: [ObjectIdentifier: EventWatcher] = [:]
    /// Of its events among the recent ones.
    var places: Deque<Int> = []
  }

  fileprivate struct State {
    var recent = RecentEvents(limit: APILimits.recentEventsLength)
    var topics: [ServiceName: Topic] = [:]
    /// Those who watch all services that they may see.
    var general: [ObjectIdentifier: EventWatcher] = [:]
    var times = WatcherTimes(at: .now())
    var streams = 0
    var waitingCalls = 0
  }

  private let names: OwnerNames
  private let queue = DispatchQueue(label: "rollcall.events", qos: .userInitiated)
  private let state = Mutex(State())
  private let watchers = Atomic(0)
  private let sent = Atomic(0)
  private let resets = Atomic(0)

  init(names: OwnerNames) {
    self.names = names
    let timer = DispatchSource.makeTimerSource(queue: queue)
    let step = Int(WatcherTimes.step.nanoseconds)
    timer.schedule(deadline: .now(), repeating: .nanoseconds(step), leeway: .nanoseconds(step / 4))
    timer.setEventHandler { [weak self] in
      guard let self else { return timer.cancel() }
      tellTime()
    }
    timer.activate()
  }

  // MARK: Watchers

  func add(_ watcher: EventWatcher) {
    state.withLock { $0.add(watcher) }
    watchers.add(1, ordering: .sequentiallyConsistent)
  }

  func remove(_ watcher: EventWatcher) {
    watchers.subtract(1, ordering: .sequentiallyConsistent)
    state.withLock { $0.remove(watcher) }
  }

  private func tellTime() {
    let due = state.withLock { $0.times.takeDue(at: .now()) }
    for watcher in due { watcher.noteTime() }
  }

  // MARK: Events

  var isListening: Bool { watchers.load(ordering: .sequentiallyConsistent) > 0 }

  func isWatched(_ service: ServiceName) -> Bool {
    // Whether one of those who watch more may see it is found out where nobody waits for it.
    state.withLock { $0.topics[service] != nil || !$0.general.isEmpty }
  }

  func receive(_ events: [PublishedEvent]) {
    queue.async { self.deliver(events) }
  }

  private func deliver(_ events: [PublishedEvent]) {
    let entries = events.map { published in
      RecentEvents.Entry(event: published.event, text: EventText.text(of: published, names))
    }
    let woken = state.withLock { $0.take(entries) }
    let now = NIODeadline.now()
    for (watcher, octets) in woken { watcher.noteNews(octets, at: now) }
  }

  /// What a stream has been sent.
  struct Cursor {
    /// All up to this revision.
    var revision: UInt64
    /// Of the next recent event to look at.
    var place: Int
  }

  /// What comes next of the recent events.
  enum Batch {
    case events(ByteBuffer, count: Int)
    case nothing
    /// Some have gone: the registry has to be asked.
    case tooLate
  }

  /// The place of the next event to come.
  var end: Int { state.withLock { $0.recent.end } }

  /// Takes what `watcher` has not been sent, as much as is sent at once.
  func next(for watcher: EventWatcher, _ cursor: inout Cursor) -> Batch {
    state.withLock { $0.next(for: watcher, &cursor) }
  }

  // MARK: Figures

  func noteSent(_ count: Int) {
    sent.add(count, ordering: .relaxed)
  }

  func noteReset() {
    resets.add(1, ordering: .relaxed)
  }

  var figures: Figures {
    let (streams, calls) = state.withLock { ($0.streams, $0.waitingCalls) }
    return Figures(
      streams: streams, waitingCalls: calls, sent: sent.load(ordering: .relaxed),
      resets: resets.load(ordering: .relaxed))
  }

  struct Figures: Equatable {
    /// Watchers now.
    let streams: Int
    let waitingCalls: Int
    /// Events since the start, one for each watcher that was sent it.
    let sent: Int
    let resets: Int
  }

  var metrics: [Metric] {
    let figures = figures
    return [
      Metric(
        "rollcall_watchers", .gauge,
        "Who watches: event streams, and calls that wait for a change.",
        [
          .init(Double(figures.streams), labels: [("kind", "stream")]),
          .init(Double(figures.waitingCalls), labels: [("kind", "wait")]),
        ]),
      Metric(
        "rollcall_events_sent_total", .counter, "Events that were sent to watchers.",
        figures.sent),
      Metric(
        "rollcall_event_resets_total", .counter,
        "Watchers that were told to list again because what they missed can't be told.",
        figures.resets),
    ]
  }
}

extension EventBroadcast.State {
  mutating func add(_ watcher: EventWatcher) {
    let id = ObjectIdentifier(watcher)
    switch watcher.scope {
    case .all: general[id] = watcher
    case .services(let services):
      for service in services {
        topics[service, default: EventBroadcast.Topic()].watchers[id] = watcher
      }
    }
    times.add(watcher, at: .now())
    if watcher.isStream { streams += 1 } else { waitingCalls += 1 }
  }

  mutating func remove(_ watcher: EventWatcher) {
    let id = ObjectIdentifier(watcher)
    switch watcher.scope {
    case .all: general[id] = nil
    case .services(let services):
      for service in services {
        topics[service]?.watchers[id] = nil
        if topics[service]?.watchers.isEmpty ?? false { topics[service] = nil }
      }
    }
    times.remove(watcher)
    if watcher.isStream { streams -= 1 } else { waitingCalls -= 1 }
  }

  /// - Returns: whom these events concern, and how long theirs are.
  mutating func take(_ entries: [RecentEvents.Entry]) -> [(EventWatcher, octets: Int)] {
    var lengths: [ServiceName: Int] = [:]
    for entry in entries {
      let service = entry.event.service
      topics[service]?.places.append(recent.end)
      recent.append(entry)
      lengths[service, default: 0] += entry.text.readableBytes
    }
    while let gone = recent.popSurplus() {
      let service = gone.event.service
      // A topic that is newer than the event has not got its place.
      if let place = topics[service]?.places.first, place < recent.start {
        topics[service]?.places.removeFirst()
      }
    }
    var woken: [(EventWatcher, octets: Int)] = []
    for (service, length) in lengths {
      for watcher in topics[service]?.watchers.values ?? [:].values {
        woken.append((watcher, length))
      }
    }
    let whole = lengths.values.reduce(0, +)
    for watcher in general.values {
      let length =
        if case .all(nil) = watcher.scope { whole } else {
          lengths.reduce(0) { watcher.scope.contains($1.key) ? $0 + $1.value : $0 }
        }
      if length > 0 { woken.append((watcher, length)) }
    }
    return woken
  }

  func next(for watcher: EventWatcher, _ cursor: inout EventBroadcast.Cursor)
    -> EventBroadcast.Batch
  {
    guard cursor.place >= recent.start else { return .tooLate }
    return switch watcher.scope {
    case .all: next(for: watcher, &cursor, at: cursor.place..<recent.end)
    case .services(let services):
      next(for: watcher, &cursor, at: places(of: services, from: cursor.place))
    }
  }

  private func next(
    for watcher: EventWatcher, _ cursor: inout EventBroadcast.Cursor, at places: some Sequence<Int>
  ) -> EventBroadcast.Batch {
    var buffer = ByteBuffer()
    var count = 0
    for place in places {
      let entry = recent[place]
      cursor.place = place + 1
      guard watcher.scope.contains(entry.event.service) else { continue }
      // It is there already, from the log of the registry.
      if entry.event.kind != .held, entry.event.revision <= cursor.revision { continue }
      cursor.revision = max(cursor.revision, entry.event.revision)
      buffer.writeImmutableBuffer(entry.text)
      count += 1
      if buffer.readableBytes >= APILimits.eventsAtOnceLength {
        return .events(buffer, count: count)
      }
    }
    cursor.place = recent.end
    return count > 0 ? .events(buffer, count: count) : .nothing
  }

  /// Of the events of these services, in order.
  private func places(of services: [ServiceName], from first: Int) -> [Int] {
    let places = services.flatMap { service -> Deque<Int>.SubSequence in
      let places = topics[service]?.places ?? []
      // The last ones are looked at first: mostly one is new.
      let start = places.lastIndex { $0 < first }.map { $0 + 1 } ?? 0
      return places[start...]
    }
    return services.count > 1 ? places.sorted() : places
  }
}
