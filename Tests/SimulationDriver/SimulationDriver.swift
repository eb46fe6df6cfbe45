// Carries out simulated histories, for `tools/simulate`:
//
//   SimulationDriver FIRST COUNT STEPS     the seeds from FIRST on
//
// It writes a line for each seed that breaks a promise, and one for each hundred seeds that are
// done. Its exit code is 1 if a promise was broken.

import Glibc
import Simulation
import TestSupport

@main
enum SimulationDriver {
  private static let reportInterval: UInt64 = 100

  static func main() async {
    let numbers = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
    guard numbers.count == 3 else { Driver.fail("FIRST COUNT STEPS?") }
    let (first, count, steps) = (numbers[0], numbers[1], Int(numbers[2]))
    var broken = 0
    for done in 1...max(count, 1) {
      let seed = first + done - 1
      do {
        try await Simulation.run(seed: seed, steps: steps)
      } catch {
        broken += 1
        Driver.write("broken \(seed): \(error)")
      }
      if done % reportInterval == 0 || done == count { Driver.write("done \(done)") }
    }
    exit(broken == 0 ? 0 : 1)
  }
}
