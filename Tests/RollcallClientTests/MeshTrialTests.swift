// The promises of a mesh amid instances that fail, in virtual time.

import MeshTrial
import RollcallClient
import TestSupport
import Testing

@Suite("A mesh of twenty instances of which six fail at any time")
struct MeshTrialTests {
  @Test(
    "99.9 % of the calls succeed in two seconds, and no instance gets more than its share",
    arguments: [0, 16])
  func promises(seed: UInt64) async throws {
    let result = try await onOwnThread {
      SimulatedMesh.run(seed: seed, length: .seconds(20), rate: 200)
    }
    #expect(result.broken.isEmpty, "seed \(seed)")
    #expect(result.calls == 4_000)
  }

  @Test("They succeed also where the least loaded instance is chosen")
  func leastOutstanding() async throws {
    let result = try await onOwnThread {
      var configuration = TrialResult.configuration
      configuration.balancing = .leastOutstanding
      return SimulatedMesh.run(
        seed: 2, length: .seconds(20), rate: 100, configuration: configuration)
    }
    #expect(Double(result.succeeded) >= TrialResult.leastSuccess * Double(result.calls))
  }

  @Test("When all fail, retries stay within their budget")
  func outage() async throws {
    let seconds = 15
    let result = try await onOwnThread {
      SimulatedMesh.run(
        seed: 5, length: .seconds(seconds), rate: 100, failing: 20, lasting: 100...100)
    }
    #expect(result.succeeded == 0)
    #expect(result.retries > result.calls / 3)
    // Three a second beyond the share, those of the last ten seconds at once.
    #expect(result.retries <= result.calls / 2 + 3 * (seconds + 10))
  }

  @Test("Without retries the trial is found to fail")
  func withoutRetries() async throws {
    let result = try await onOwnThread {
      var configuration = TrialResult.configuration
      configuration.limits.tries = 1
      return SimulatedMesh.run(
        seed: 1, length: .seconds(10), rate: 100, configuration: configuration)
    }
    #expect(result.broken.contains { $0.hasPrefix("only ") })
  }
}
