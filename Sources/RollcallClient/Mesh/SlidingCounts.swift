// What was counted in the last seconds.

/// Two counts that belong together, over the last ten seconds, each second for itself.
package struct SlidingCounts: Sendable {
  package static let seconds = 10

  package struct Counts: Sendable {
    var first = 0
    var second = 0
  }

  private var buckets = [Counts](repeating: Counts(), count: seconds)
  private var newest: Int64 = 0
  private(set) var sum = Counts()

  /// Adds to the counts of this moment.
  mutating func add(first: Int = 0, second: Int = 0, at now: Duration) {
    advance(to: now)
    let index = Int(newest % Int64(Self.seconds))
    buckets[index].first += first
    buckets[index].second += second
    sum.first += first
    sum.second += second
  }

  /// Forgets what is too old.
  mutating func advance(to now: Duration) {
    let second = now.components.seconds
    guard second > newest else { return }
    for passed in 1...min(second - newest, Int64(Self.seconds)) {
      let index = Int((newest + passed) % Int64(Self.seconds))
      sum.first -= buckets[index].first
      sum.second -= buckets[index].second
      buckets[index] = Counts()
    }
    newest = second
    // After a long pause the buckets were all emptied, whichever is the newest now.
  }

  mutating func clear() {
    buckets = [Counts](repeating: Counts(), count: Self.seconds)
    sum = Counts()
  }
}
