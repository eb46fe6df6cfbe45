// Real threads for tests of what threads share.

import Glibc

/// Runs `body` on `count` threads at the same time, each with its number, and waits for all.
/// - Returns: what each of them gave.
@discardableResult
package func runThreads<Result: Sendable>(
  _ count: Int, _ body: @escaping @Sendable (Int) -> Result
) -> [Result] {
  let works = (0..<count).map { index in ThreadWork { body(index) } }
  let threads = works.map { work in
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<ThreadWork>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(work).toOpaque())
    precondition(status == 0, "no thread")
    return thread
  }
  for thread in threads { pthread_join(thread, nil) }
  return works.map { $0.result as! Result }
}

/// Sound: the thread alone uses it until it has been joined.
private final class ThreadWork: @unchecked Sendable {
  private let body: @Sendable () -> Any
  private(set) var result: Any?

  init(_ body: @escaping @Sendable () -> Any) {
    self.body = body
  }

  func run() {
    result = body()
  }
}
