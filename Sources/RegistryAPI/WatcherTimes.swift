// When watchers are to be woken though nothing has changed.

import NIOCore

/// Watchers by the moment at which their time has come, in steps.
///
/// Each connection's event loop has timers too. But a loop looks through all of its timers for the
/// one that is to be cancelled, and a change cancels one for each call that it wakes.
struct WatcherTimes {
  /// How much later than its time a watcher may be woken.
  static let step = TimeAmount.milliseconds(100)

  private var watchers: [Int64: [ObjectIdentifier: EventWatcher]] = [:]
  private var steps: [ObjectIdentifier: Int64] = [:]
  /// Up to it, all have been woken.
  private var last: Int64

  init(at now: NIODeadline) {
    last = Self.step(at: now)
  }

  private static func step(at time: NIODeadline) -> Int64 {
    Int64(time.uptimeNanoseconds) / step.nanoseconds
  }

  mutating func add(_ watcher: EventWatcher, at now: NIODeadline) {
    // Not before its time, hence the step after.
    let step = Self.step(at: now + watcher.interval) + 1
    let id = ObjectIdentifier(watcher)
    watchers[step, default: [:]][id] = watcher
    steps[id] = step
  }

  mutating func remove(_ watcher: EventWatcher) {
    let id = ObjectIdentifier(watcher)
    guard let step = steps.removeValue(forKey: id) else { return }
    watchers[step]?[id] = nil
  }

  /// Those whose time has come. Streams have their next one from `now` on.
  mutating func takeDue(at now: NIODeadline) -> [EventWatcher] {
    let current = Self.step(at: now)
    guard current > last else { return [] }
    var due: [EventWatcher] = []
    for step in last + 1...current {
      due += (watchers.removeValue(forKey: step) ?? [:]).values
    }
    last = current
    for watcher in due {
      steps[ObjectIdentifier(watcher)] = nil
      if watcher.isStream { add(watcher, at: now) }
    }
    return due
  }
}
