// The promises as invariants of random histories: commands, time, faults of the store, restarts.
// `tools/simulate` runs many more of them, some thousand in each `tools/test`.

import Simulation
import Testing

@Suite struct SimulatorTests {
  static let steps = 60
  /// Seeds that one test carries out, so that the tests are few.
  static let group: UInt64 = 20
  static let groups: UInt64 = 10

  /// Seeds that once broke a promise, or showed that the model was wrong.
  @Test(arguments: [19, 107, 581, 1_077, 2_762, 25_579, 30_131] as [UInt64])
  func `a promise that was broken once is kept`(_ seed: UInt64) async throws {
    try await Simulation.run(seed: seed, steps: Self.steps)
  }

  @Test(arguments: 0..<groups)
  func `the promises hold in every history`(_ group: UInt64) async throws {
    for seed in (group * Self.group)..<((group + 1) * Self.group) {
      do {
        try await Simulation.run(seed: seed, steps: Self.steps)
      } catch {
        Issue.record("seed \(seed): \(error)")
      }
    }
  }
}
