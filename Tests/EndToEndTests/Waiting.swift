// How a test waits: for a condition, with a deadline, and without blocking the other tests.

import Dispatch

/// Something that a test needs did not work; not what the test is about.
struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// Returns when `condition` holds; throws when it does not within `limit`.
func wait(
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

/// Runs what waits in system calls on a thread where that holds up nobody. What it expects counts
/// for the test that calls this.
func onOwnThread<Result: Sendable>(
  _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
  try await withTaskExecutorPreference(OwnThread()) { try body() }
}

/// Runs jobs outside the threads that all tests share.
private final class OwnThread: TaskExecutor {
  private let queue = DispatchQueue(label: "rollcall.end-to-end")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}

/// Lets a few tests run at a time, so that servers and clients don't starve each other.
actor Gate {
  static let servers = Gate(places: 4)

  private var places: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(places: Int) {
    self.places = places
  }

  func enter() async {
    guard places == 0 else {
      places -= 1
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  func leave() {
    if waiting.isEmpty { places += 1 } else { waiting.removeFirst().resume() }
  }
}
