// Runs an actor on a queue of its own.

package import Dispatch

/// An actor's executor with a serial dispatch queue behind it.
///
/// What blocks there (a file's fsync) keeps no thread of Swift's shared pool, and what must run in
/// time (leases' ends) waits for nobody in that pool.
package final class QueueExecutor: SerialExecutor {
  package let queue: DispatchQueue

  package init(label: String) {
    queue = DispatchQueue(label: label, qos: .userInitiated)
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }

  package func checkIsolated() {
    dispatchPrecondition(condition: .onQueue(queue))
  }
}
