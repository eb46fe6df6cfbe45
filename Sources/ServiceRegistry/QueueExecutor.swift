// Runs an actor on a queue of its own.

import Dispatch

/// An actor's executor with a serial dispatch queue behind it.
///
/// What must run in time, the ends of leases, waits there for nobody in Swift's shared pool.
package final class QueueExecutor: SerialExecutor {
  let queue: DispatchQueue

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
