// When a drain is over.

import FoundationEssentials
import NIOCore

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

/// What is read of an instance to know whether it drains.
struct DrainState: Decodable {
  let status: String?
  let safeAt: String?

  private enum CodingKeys: String, CodingKey {
    case status
    case safeAt = "safe_at"
  }

  init(_ body: ByteBuffer, from access: ServerAccess) throws(RollcallError) {
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(body.readableBytesView))
    } catch {
      throw RollcallError(
        .unreadable, "\(access.url) does not reply as a Rollcall server: \(error)")
    }
  }
}

extension ServerConnection {
  /// Between two looks at an instance that is about to go, and at one that is not.
  private static let drainPauses = Duration.milliseconds(100)...Duration.seconds(1)

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
        let state = try DrainState(try await send(.show(name)), from: access)
        guard state.status == "draining" else { return .registered }
      } catch  where error.kind == .notFound {
        return .gone
      }
      let left = timeLeft(until: safeAt)
      let pause = min(max(left, Self.drainPauses.lowerBound), Self.drainPauses.upperBound)
      guard (try? await Task.sleep(for: pause)) != nil else { return .abandoned }
    }
  }

  /// The same, and looks on while the server can't be asked, until the time is over that it told:
  /// nothing renews the instance then any more.
  package func waitUntilGone(
    _ name: InstanceName, _ safeAt: String
  ) async throws(RollcallError) -> DrainEnd {
    let deadline = ContinuousClock.now + timeLeft(until: safeAt)
    while true {
      do throws(RollcallError) {
        return try await waitUntilDrained(name, safeAt)
      } catch {
        let left = deadline - .now
        guard error.isPassing, left > .zero else { throw error }
        let pause = max(LeasePlan.firstRetry, min(error.retryAfter ?? .zero, left))
        guard (try? await Task.sleep(for: pause)) != nil else { return .abandoned }
      }
    }
  }
}
