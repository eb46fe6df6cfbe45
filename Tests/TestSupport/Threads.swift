// Real threads for tests of what threads share.

import Glibc

/// Runs `body` on `count` threads at the same time, each with its number, and waits for all.
package func runThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let threads = (0..<count).map { index in
    var thread = pthread_t()
    let work = Unmanaged.passRetained(ThreadWork { body(index) })
    let status = pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<ThreadWork>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, work.toOpaque())
    precondition(status == 0, "no thread")
    return thread
  }
  for thread in threads { pthread_join(thread, nil) }
}

private final class ThreadWork: Sendable {
  let run: @Sendable () -> Void

  init(_ run: @escaping @Sendable () -> Void) {
    self.run = run
  }
}
