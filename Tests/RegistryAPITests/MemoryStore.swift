// A store that keeps nothing longer than the test.

import ServiceRegistry
import Synchronization

/// Takes every batch, or fails as it is told to.
final class MemoryStore: RegistryStore {
  private let failure = Mutex<StoreError?>(nil)
  private let commitCount = Mutex(0)
  private let beforeCommit: @Sendable () async -> Void

  init(beforeCommit: @escaping @Sendable () async -> Void = {}) {
    self.beforeCommit = beforeCommit
  }

  /// Commits so far, failed ones too.
  var commits: Int { commitCount.withLock(\.self) }

  /// Nil: commits succeed again.
  func fail(with error: StoreError?) {
    failure.withLock { $0 = error }
  }

  func load() async throws(StoreError) -> StoredRegistry { StoredRegistry() }

  func instances(after service: ServiceName?) async throws(StoreError) -> [Instance] { [] }

  func commit(_ batch: StoreBatch) async throws(StoreError) {
    await beforeCommit()
    commitCount.withLock { $0 += 1 }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  func beginReplacement() async throws(StoreError) {
    if let error = failure.withLock({ $0 }) { throw error }
  }

  func addToReplacement(_ slice: StoreBatch) async throws(StoreError) {}

  func finishReplacement() async throws(StoreError) {}
}
