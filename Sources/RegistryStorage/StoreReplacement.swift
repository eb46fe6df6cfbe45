// Writing all that is stored anew, when the file that holds it is not to be relied on.

import Dispatch
package import ServiceRegistry
import Synchronization

// Each step waits for the disk, so each is on a queue of its own and not on the caller's.
extension SQLiteStore {
  package nonisolated(nonsending) func beginReplacement() async throws(StoreError) {
    try await onFreshQueue { [self] in
      fresh.withLock { $0 = nil }
      let database = try FreshDatabase(files)
      fresh.withLock { $0 = database }
    }
  }

  package nonisolated(nonsending) func addToReplacement(
    _ slice: StoreBatch
  ) async throws(StoreError) {
    try await onFreshQueue { [self] in try fresh.withLock(\.self)?.add(slice) }
  }

  package nonisolated(nonsending) func finishReplacement() async throws(StoreError) {
    try await onFreshQueue { [self] in
      try fresh.withLock(\.self)?.putInPlace()
      fresh.withLock { $0 = nil }
      try reopen()
    }
  }

  /// What a step that fails leaves is dropped.
  private nonisolated(nonsending) func onFreshQueue(
    _ step: @escaping @Sendable () throws -> Void
  ) async throws(StoreError) {
    try await withCheckedContinuation { reply in
      freshQueue.async { [self] in
        let result = Result(catching: step).mapError { StoreError($0) }
        if case .failure = result { fresh.withLock { $0 = nil } }
        reply.resume(returning: result)
      }
    }.get()
  }
}
