// What came of a trial, and whether it is what was promised.

package import RollcallClient

/// The figures of one trial.
package struct TrialResult: Sendable, CustomStringConvertible {
  package static let leastSuccess = 0.999
  package static let deadline = Duration.seconds(2)

  package var calls = 0
  package var succeeded = 0
  package var tries = 0
  package var retries = 0
  package var ejections = 0
  package var returns = 0
  package var longestCall = Duration.zero
  package var shares: ShareTally

  package init(instances: Int) {
    shares = ShareTally(instances: instances)
  }

  /// The settings of the trial: tries of 200 ms, at most 6, and retries for half of the calls.
  package static var configuration: MeshConfiguration {
    var configuration = MeshConfiguration()
    configuration.limits = CallLimits(
      tryTimeout: .milliseconds(200), deadline: deadline, tries: 6)
    configuration.retry.budgetShare = 0.5
    return configuration
  }

  package mutating func count(_ change: EndpointPool.Change) {
    switch change {
    case .ejected: ejections += 1
    case .returned: returns += 1
    }
  }

  package var description: String {
    let share = Self.percent(shares.worst)
    return "\(succeeded) of \(calls) calls succeeded (\(Self.percent(successShare)) %),"
      + " the longest took \(Int(longestCall / .milliseconds(1))) ms; \(tries) tries,"
      + " \(retries) retries, \(ejections) ejections, \(returns) returns;"
      + " the largest share in ten seconds was \(share) % of an even one"
  }

  private var successShare: Double { Double(succeeded) / Double(max(calls, 1)) }

  private static func percent(_ share: Double) -> Double { (share * 100_000).rounded() / 1_000 }

  /// What was promised and did not hold.
  package var broken: [String] {
    var broken: [String] = []
    if successShare < Self.leastSuccess {
      broken.append("only \(succeeded) of \(calls) calls succeeded within \(Self.deadline)")
    }
    if Double(retries) > 0.5 * Double(calls) + 1 {
      broken.append("\(retries) retries for \(calls) calls are more than half")
    }
    if shares.worst > 1 + ShareTally.tolerance {
      broken.append("an instance got \(shares.worst) times its even share in ten seconds")
    }
    if ejections == 0 || returns == 0 { broken.append("no instance was ejected and came back") }
    return broken
  }
}
