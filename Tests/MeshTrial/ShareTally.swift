// Whether any instance got more than its share.

/// Counts the tries that instances get, second by second, beside what they would get if every try
/// were divided evenly among those that are not ejected at its time.
package struct ShareTally: Sendable {
  /// The rule looks at runs of as many seconds.
  package static let window = 10
  /// What an instance may get more than its even share.
  package static let tolerance = 0.1
  /// Tries can't be divided. A run begins and ends between the turns of an instance, and so does
  /// the time for which it is in use: one more at either end is none too many.
  private static let indivisible = 2.0

  private struct Second {
    var got: [Int]
    var even: [Double]
  }

  private var seconds: [Second] = []
  private let instances: Int

  package init(instances: Int) {
    self.instances = instances
  }

  /// - Parameters:
  ///   - instance: that got the try; a trial of an ejected instance is not to be counted.
  ///   - inUse: those that were not ejected.
  package mutating func count(_ instance: Int, amid inUse: [Int], at now: Duration) {
    let second = Int(now.components.seconds)
    while seconds.count <= second {
      seconds.append(
        Second(
          got: Array(repeating: 0, count: instances),
          even: Array(repeating: 0, count: instances)))
    }
    seconds[second].got[instance] += 1
    for other in inUse { seconds[second].even[other] += 1 / Double(inUse.count) }
  }

  /// The most that an instance got in any run of ten seconds, as a multiple of its even share.
  package var worst: Double {
    guard seconds.count >= Self.window else { return 0 }
    return (0...(seconds.count - Self.window)).map { worst(from: $0) }.max() ?? 0
  }

  private func worst(from first: Int) -> Double {
    let run = seconds[first..<(first + Self.window)]
    return (0..<instances).map { instance in
      let even = run.reduce(0) { $0 + $1.even[instance] }
      let got = run.reduce(0) { $0 + $1.got[instance] }
      return even > 0 ? max(0, Double(got) - Self.indivisible) / even : 0
    }.max() ?? 0
  }
}
