// Carries out the trial of a mesh, for `tools/mesh`:
//
//   MeshDriver simulate SEED RATE SECONDS     in virtual time
//   MeshDriver loopback SEED RATE SECONDS     with real servers and the real HTTP client
//
// It writes a line with the figures, and one for each promise that did not hold. Its exit code is 1
// if one did not.

import Glibc
import MeshTrial
import TestSupport

@main
enum MeshDriver {
  static func main() async {
    let arguments = CommandLine.arguments.dropFirst()
    let numbers = arguments.dropFirst().compactMap { UInt64($0) }
    guard let mode = arguments.first, numbers.count == 3, numbers[1] > 0, numbers[2] > 0 else {
      Driver.fail("simulate or loopback, SEED RATE SECONDS?")
    }
    let (seed, rate, length) = (numbers[0], Int(numbers[1]), Duration.seconds(numbers[2]))
    let result: TrialResult
    switch mode {
    case "simulate": result = SimulatedMesh.run(seed: seed, length: length, rate: rate)
    case "loopback":
      do {
        result = try await LoopbackMesh.run(seed: seed, length: length, rate: rate)
      } catch {
        Driver.fail("\(error)")
      }
    default: Driver.fail("simulate or loopback?")
    }
    Driver.write("seed \(seed): \(result)")
    for promise in result.broken { Driver.write("broken \(promise)") }
    exit(result.broken.isEmpty ? 0 : 1)
  }
}
