// Which of many queries are recorded.

/// Takes one of ``every`` queries on average, at random distances, so that no rhythm of queries
/// can hide from it. For one thread.
struct QuerySampler {
  let every: Int
  /// Queries until the next one that is taken, that one included.
  private var distance: Int

  /// - Parameter every: at least 1, which takes them all.
  init(every: Int) {
    self.every = every
    distance = Int.random(in: 1...(2 * every - 1))
  }

  mutating func takesNext() -> Bool {
    distance -= 1
    guard distance == 0 else { return false }
    distance = Int.random(in: 1...(2 * every - 1))
    return true
  }
}
