// Commits, and how changes are taken again after the store has failed.

import DNSZone
import Logging

extension Registry {
  /// Why changes are refused; nil while the store takes them. Names no path.
  package var storeFailure: String? { storeHealth.failure?.reason }

  package var storeCounters: StoreCounters { storeHealth.counters }

  /// Commits `batch`, after ``restoreStore()``.
  /// - Returns: why that failed.
  func commit(_ batch: StoreBatch) async -> StoreError? {
    var failure: StoreError?
    let start = clock.boot()
    do throws(StoreError) {
      try await store.commit(batch)
    } catch {
      failure = error
    }
    noteStore {
      $0.noteCommit(of: batch, failure, since: start, at: clock.boot(), wall: clock.wall())
    }
    return failure
  }

  /// Has the store hold what is in memory, which is all that was acknowledged, if it may not. To be
  /// called before a commit.
  ///
  /// Memory stays as it is meanwhile: only a commit changes it, and the loop does not come to the
  /// next one before this is over.
  /// - Returns: why nothing can be committed.
  func restoreStore() async -> StoreError? {
    guard storeHealth.needsReplacement else { return nil }
    guard storeHealth.mayReplace(at: clock.boot()) else { return storeHealth.failure?.asRefusal }
    var failure: StoreError?
    do throws(StoreError) {
      try await replaceStore()
    } catch {
      // Whatever became of it, no change of a client's was in it.
      failure = error.asRefusal
    }
    noteStore { $0.noteReplacement(failure, at: clock.boot()) }
    return failure
  }

  /// Writes all services and instances anew, slice by slice: leases end between them.
  private func replaceStore() async throws(StoreError) {
    try await store.beginReplacement()
    var slice = StoreBatch(position: state.position)
    for service in Array(state.services.values) {
      slice.services.append(service.record)
      try await write(&slice, ifLongerThan: RegistryLimits.slice)
      for member in service.members {
        slice.instances.append(member.instance)
        try await write(&slice, ifLongerThan: RegistryLimits.slice)
      }
    }
    try await write(&slice, ifLongerThan: 0)
    try await store.finishReplacement()
  }

  private func write(
    _ slice: inout StoreBatch, ifLongerThan limit: Int
  ) async throws(StoreError) {
    guard slice.services.count + slice.instances.count >= limit else { return }
    try await store.addToReplacement(slice)
    slice = StoreBatch(position: state.position)
  }

  /// Commits something that changes nothing, to see whether the store works again though nobody
  /// wants a change.
  func probeStore() async {
    guard storeHealth.failure != nil, await restoreStore() == nil, storeHealth.failure != nil
    else { return }
    _ = await commit(StoreBatch(position: state.position))
  }

  /// Says once that the store fails and once that it works again.
  private func noteStore(_ note: (inout StoreHealth) -> Void) {
    let wasFailing = storeHealth.failure != nil
    note(&storeHealth)
    if let failure = storeHealth.failure, !wasFailing {
      logger.error(
        "changes can't be stored and are refused; DNS goes on answering",
        metadata: ["reason": "\(failure.reason)"])
    } else if storeHealth.failure == nil, wasFailing {
      logger.notice("changes can be stored again")
    }
  }
}

extension StoreError {
  /// The same for a change that was not even tried.
  fileprivate var asRefusal: StoreError {
    StoreError(reason: reason, isOutcomeUnknown: false, needsReplacement: needsReplacement)
  }
}
