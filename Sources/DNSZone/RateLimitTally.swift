// What was limited: counters that one thread writes and any thread reads.

import Synchronization

/// Replies over all threads since they started; every number only grows.
package struct RateLimitCounters: Sendable, Equatable {
  /// Not sent.
  package var dropped = 0
  /// Sent as short ones.
  package var slipped = 0
}

/// The numbers of one thread, which alone writes them.
final class RateLimitTally: Sendable {
  /// Nanoseconds from one note of a limited network to the next.
  private static let noteInterval: BootTime = 1_000_000

  // Two cache lines on each side keep them from sharing one with another thread's.
  private let before = InlineArray<16, UInt64>(repeating: 0)
  private let dropped = Atomic<Int>(0)
  private let slipped = Atomic<Int>(0)
  private let nextNote = Atomic<BootTime>(.min)
  private let after = InlineArray<16, UInt64>(repeating: 0)

  /// Counts a limited reply.
  /// - Returns: whether it is one of those that are sent all the same, as a short one.
  func countLimited(slip: Int) -> Bool {
    let dropped = dropped.load(ordering: .relaxed)
    let slipped = slipped.load(ordering: .relaxed)
    let isSent = slip > 0 && (dropped &+ slipped &+ 1) % slip == 0
    if isSent {
      self.slipped.store(slipped &+ 1, ordering: .relaxed)
    } else {
      self.dropped.store(dropped &+ 1, ordering: .relaxed)
    }
    return isSent
  }

  /// Whether the thread may spend time on noting a network: a thousand times a second.
  func mayNote(at now: BootTime) -> Bool {
    guard now >= nextNote.load(ordering: .relaxed) else { return false }
    nextNote.store(now + Self.noteInterval, ordering: .relaxed)
    return true
  }

  func add(to sum: inout RateLimitCounters) {
    sum.dropped += dropped.load(ordering: .relaxed)
    sum.slipped += slipped.load(ordering: .relaxed)
  }
}
