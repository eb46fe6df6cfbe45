// Counters that one thread writes and any thread reads.

import Synchronization

/// A number that only one thread adds to: a plain load and store, no locked instruction.
struct ThreadCounter: ~Copyable, Sendable {
  private let value = Atomic<UInt64>(0)

  var count: Int { Int(value.load(ordering: .relaxed)) }

  func add(_ number: Int) {
    guard number > 0 else { return }
    value.store(value.load(ordering: .relaxed) &+ UInt64(number), ordering: .relaxed)
  }
}

/// Keeps what stands before it from sharing cache lines with what stands after it. Two lines,
/// because the processor fetches them in pairs.
struct CacheLinePadding: Sendable {
  private let octets = InlineArray<16, UInt64>(repeating: 0)
}
