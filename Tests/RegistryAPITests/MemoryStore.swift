// A store that keeps nothing longer than the test.

import ServiceRegistry
import Synchronization

/// Takes every batch, or fails as it is told to.
final class MemoryStore: RegistryStore {
  private let failure = Mutex<StoreError?>(nil)
  private let beforeCommit: @Sendable () async -> Void

  init(beforeCommit: @escaping @Sendable () async -> Void = {}) {
    self.beforeCommit = beforeCommit
  }

  /// Nil: commits succeed again.
  func fail(with error: StoreError?) {
    failure.withLock { $0 = error }
  }

  func load() async throws(StoreError) -> StoredRegistry { StoredRegistry() }

  func commit(_ batch: StoreBatch) async throws(StoreError) {
    await beforeCommit()
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
