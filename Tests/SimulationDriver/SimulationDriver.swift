// Carries out simulated histories, for `tools/simulate`:
//
//   SimulationDriver FIRST COUNT STEPS     the seeds from FIRST on
//
// It writes a line for each seed that breaks a promise, and one for each hundred seeds that are
// done. Its exit code is 1 if a promise was broken.

import Glibc
import Simulation

@main
enum SimulationDriver {
  private static let reportInterval: UInt64 = 100

  static func main() async {
    let numbers = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
    guard numbers.count == 3 else { fail("FIRST COUNT STEPS?") }
    let (first, count, steps) = (numbers[0], numbers[1], Int(numbers[2]))
    var broken = 0
    for done in 1...max(count, 1) {
      let seed = first + done - 1
      do {
        try await Simulation.run(seed: seed, steps: steps)
      } catch {
        broken += 1
        write("broken \(seed): \(error)", to: STDOUT_FILENO)
      }
      if done % reportInterval == 0 || done == count { write("done \(done)", to: STDOUT_FILENO) }
    }
    exit(broken == 0 ? 0 : 1)
  }

  private static func write(_ text: String, to descriptor: Int32) {
    let line = Array("\(text)\n".utf8)
    _ = Glibc.write(descriptor, line, line.count)
  }

  private static func fail(_ text: String) -> Never {
    write("SimulationDriver: \(text)", to: STDERR_FILENO)
    exit(2)
  }
}
