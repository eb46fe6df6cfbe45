// How often a quantity was how large.

/// Counts of observations by size. A plain value.
package struct Histogram: Equatable, Sendable {
  /// The largest value of each class but the last, which has none, in rising order.
  package let bounds: [Double]
  /// Observations of each class, one more than there are bounds.
  package private(set) var counts: [Int]
  /// Of all observed values.
  package private(set) var sum = 0.0

  package init(bounds: [Double]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  package mutating func add(_ value: Double, count: Int = 1) {
    add(count, at: bounds.firstIndex { value <= $0 } ?? bounds.count, sum: value * Double(count))
  }

  /// Adds observations that were counted elsewhere.
  ///
  /// - Parameter place: of their class.
  mutating func add(_ count: Int, at place: Int, sum: Double) {
    counts[place] += count
    self.sum += sum
  }

  /// Seconds, for what takes from microseconds to seconds: powers of four from 4 µs on.
  package static let durationBounds: [Double] = (1...11).map { Double(1 << (2 * $0)) / 1e6 }
}
