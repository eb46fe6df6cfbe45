// Carries out the trial of a mesh, for `tools/mesh`:
//
//   MeshDriver simulate SEED RATE SECONDS     in virtual time
//   MeshDriver loopback SEED RATE SECONDS     with real servers and the real HTTP client
//
// It writes a line with the figures, and one for each promise that did not hold. Its exit code is 1
// if one did not.

import Glibc
import MeshTrial

@main
enum MeshDriver {
  static func main() async {
    let arguments = CommandLine.arguments.dropFirst()
    let numbers = arguments.dropFirst().compactMap { UInt64($0) }
    guard let mode = arguments.first, numbers.count == 3, numbers[1] > 0, numbers[2] > 0 else {
      fail("simulate or loopback, SEED RATE SECONDS?")
    }
    let (seed, rate, length) = (numbers[0], Int(numbers[1]), Duration.seconds(numbers[2]))
    let result: TrialResult
    switch mode {
    case "simulate": result = SimulatedMesh.run(seed: seed, length: length, rate: rate)
    case "loopback":
      do {
        result = try await LoopbackMesh.run(seed: seed, length: length, rate: rate)
      } catch {
        fail("\(error)")
      }
    default: fail("simulate or loopback?")
    }
    write("seed \(seed): \(result)", to: STDOUT_FILENO)
    for promise in result.broken { write("broken \(promise)", to: STDOUT_FILENO) }
    exit(result.broken.isEmpty ? 0 : 1)
  }

  private static func write(_ text: String, to descriptor: Int32) {
    let line = Array("\(text)\n".utf8)
    _ = Glibc.write(descriptor, line, line.count)
  }

  private static func fail(_ text: String) -> Never {
    write("MeshDriver: \(text)", to: STDERR_FILENO)
    exit(2)
  }
}
