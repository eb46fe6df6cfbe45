// What is due when, without looking at what is not.

import DNSZone
import HeapModule

/// Points in time at which something may have to be done, soonest first.
///
/// An entry is not moved when a lease is renewed: when it comes up, whoever asked looks whether
/// it is really due and puts it back with the later time. So a renewal costs nothing here, and
/// each lease is looked at about once in its length.
struct DueQueue<Subject: Hashable> {
  private struct Entry: Comparable {
    let time: BootTime
    let subject: Subject

    static func < (left: Entry, right: Entry) -> Bool { left.time < right.time }
    static func == (left: Entry, right: Entry) -> Bool { left.time == right.time }
  }

  private var heap = Heap<Entry>()
  private var times: [Subject: BootTime] = [:]

  /// Looks at `subject` at `time`, or sooner if that was asked already.
  mutating func schedule(_ subject: Subject, at time: BootTime) {
    guard time != RRset.noLease else { return }
    if let scheduled = times[subject], scheduled <= time { return }
    times[subject] = time
    heap.insert(Entry(time: time, subject: subject))
  }

  /// Does not look at `subject` any more.
  mutating func cancel(_ subject: Subject) {
    times[subject] = nil
    // Entries that are left over go when they are most: each is moved about once for that.
    if heap.count > 2 * times.count + 1_024 {
      heap = Heap(times.map { Entry(time: $0.value, subject: $0.key) })
    }
  }

  /// The next subject whose time is `now` or before; nil when there is none.
  mutating func next(at now: BootTime) -> Subject? {
    while let entry = heap.min, entry.time <= now {
      heap.removeMin()
      // An entry whose subject was asked for sooner, or cancelled, is left over.
      guard times[entry.subject] == entry.time else { continue }
      times[entry.subject] = nil
      return entry.subject
    }
    return nil
  }
}
