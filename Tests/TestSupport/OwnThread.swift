// Where a test waits in system calls, or computes for long.

import Dispatch

/// Runs what waits in system calls or computes for long on a thread where that holds up nobody.
/// What it expects counts for the test that calls this.
package func onOwnThread<Result: Sendable>(
  _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
  try await withTaskExecutorPreference(OwnThread()) { try body() }
}

/// Runs jobs outside the threads that all tests share.
private final class OwnThread: TaskExecutor {
  private let queue = DispatchQueue(label: "rollcall.test")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
