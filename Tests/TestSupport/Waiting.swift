// How a test waits: for a condition, with a deadline, and without blocking the other tests.

import Dispatch

/// Something that a test needs did not work; not what the test is about.
package struct Failure: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}

/// Returns when `condition` holds; throws when it does not within `limit`.
package func wait(
  for what: String, within limit: Duration = .seconds(20), pause: Duration = .milliseconds(10),
  until condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + limit
  while try await !condition() {
    guard ContinuousClock.now < deadline else { throw Failure("\(what) did not come in \(limit)") }
    let nanoseconds = Int(pause / .nanoseconds(1))
    await withCheckedContinuation { continuation in
      DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) {
        continuation.resume()
      }
    }
  }
}
