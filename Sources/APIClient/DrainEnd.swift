// When a drain is over.

import FoundationEssentials
import JSONText
package import RollcallClient

/// How long it is until a time in a reply, by this machine's clock; zero for what is no time.
package func timeLeft(until time: String) -> Duration {
  let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
  return .seconds((try? style.parse(time))?.timeIntervalSinceNow ?? 0)
}

/// What a drain ended with.
package enum DrainEnd: Sendable {
  case gone
  /// Somebody has registered the instance anew, and it stays.
  case registered
  /// The task was cancelled.
  case abandoned
}

extension APIClient {
  /// Between two looks at an instance that is about to go, and at one that is not.
  private static let pauses = Duration.milliseconds(100)...Duration.seconds(1)

  /// Returns when the instance drains no longer, or the task is cancelled.
  ///
  /// It looks again and again: a call that waits for the end would, made again after a connection
  /// broke, drain who has been registered meanwhile.
  ///
  /// - Parameter safeAt: the end as the server told it.
  package func waitUntilDrained(
    _ name: InstanceName, _ safeAt: String
  ) async throws(RollcallError) -> DrainEnd {
    while true {
      do throws(RollcallError) {
        guard try await send(.show(name))["status"]?.string == "draining" else {
          return .registered
        }
      } catch  where error.kind == .notFound {
        return .gone
      }
      let left = timeLeft(until: safeAt)
      let pause = min(max(left, Self.pauses.lowerBound), Self.pauses.upperBound)
      guard (try? await Task.sleep(for: pause)) != nil else { return .abandoned }
    }
  }
}
