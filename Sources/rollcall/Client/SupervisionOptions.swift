// How a command is run that stands for an instance.

import ArgumentParser

struct SupervisionOptions: ParsableArguments {
  @Option(
    help: """
      Seconds that draining may take before a signal is passed on; 0 passes it on at once \
      (default: \(defaultDrainLimit)).
      """)
  var drainLimit: Int?

  @Flag(help: "Register when the command takes TCP connections at --port, not before.")
  var awaitPort = false

  private static let defaultDrainLimit = 300
  private static let drainLimitLimit = 2 * 86_400

  var isGiven: Bool { drainLimit != nil || awaitPort }

  var drainTime: Duration { .seconds(drainLimit ?? Self.defaultDrainLimit) }

  func validate() throws {
    guard (0...Self.drainLimitLimit).contains(drainLimit ?? 0) else {
      throw ValidationError("--drain-limit must be from 0 to \(Self.drainLimitLimit)")
    }
  }
}
