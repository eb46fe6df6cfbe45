// What is due when, without looking at what is not.

import DNSZone
import HeapModule

/// Points in time at which something may have to be done, soonest first.
///
/// An entry is not moved when its time turns out to be later: when it comes up, whoever asked looks
/// whether it is really due and puts it back with the later time.
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
    guard time != BootTime.never else { return }
    if let scheduled = times[subject], scheduled <= time { return }
    times[subject] = time
    heap.insert(Entry(time: time, subject: subject))
  }

  /// The next subject whose time is `now` or before; nil when there is none.
  mutating func next(at now: BootTime) -> Subject? {
    while let entry = heap.min, entry.time <= now {
      heap.removeMin()
      // An entry whose subject was asked for sooner is left over.
      guard times[entry.subject] == entry.time else { continue }
      times[entry.subject] = nil
      return entry.subject
    }
    return nil
  }
}
