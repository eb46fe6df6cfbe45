// Times as replies show them.

import FoundationEssentials

/// How long it is until a time in a reply, by this machine's clock; zero for what is no time.
package func timeLeft(until time: String) -> Duration {
  let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
  return .seconds((try? style.parse(time))?.timeIntervalSinceNow ?? 0)
}
