// A store in memory that fails when a test wants it to.

package import ServiceRegistry

/// Keeps what is committed over the life of registries, as a disk does.
package actor MemoryStore: RegistryStore {
  /// What becomes of a commit.
  package enum Fate: Sendable {
    case kept
    /// Refused; nothing is stored.
    case refused
    /// The caller is told that it failed, but it is stored.
    case keptInSilence
    /// The caller is told that it may have failed, and it has.
    case lostInDoubt
  }

  private var services: [ServiceName: ServiceRecord] = [:]
  private var instances: [InstanceKey: Instance] = [:]
  private var position = StorePosition()
  private var replacement: [StoreBatch] = []
  /// Of each commit or replacement to come; without any, they are kept.
  private var fates: [Fate] = []
  private var standingFate = Fate.kept
  package private(set) var batches: [StoreBatch] = []
  private var gate: CheckedContinuation<Void, Never>?
  private var heldBatch: StoreBatch?
  private var isHeld = false
  private var waiters: [CheckedContinuation<Void, Never>] = []

  package init() {}

  package func load() async throws(StoreError) -> StoredRegistry {
    StoredRegistry(services: Array(services.values), position: position)
  }

  /// A slice for each service: the smallest there can be.
  package func instances(after service: ServiceName?) async throws(StoreError) -> [Instance] {
    let names = Set(instances.keys.map(\.service)).sorted { $0.key < $1.key }
    guard let next = names.first(where: { service.map(\.key) ?? "" < $0.key }) else { return [] }
    return instances.values.filter { $0.key.service == next }
  }

  package func commit(_ batch: StoreBatch) async throws(StoreError) {
    await pass(batch)
    batches.append(batch)
    try meetFate { keep(batch) }
  }

  /// - Parameter batch: what is to be committed; nil for a replacement.
  private func pass(_ batch: StoreBatch?) async {
    guard isHeld else { return }
    for waiter in waiters { waiter.resume() }
    waiters = []
    heldBatch = batch
    await withCheckedContinuation { gate = $0 }
    heldBatch = nil
  }

  /// - Parameter keep: what is to be done if the fate is so.
  private func meetFate(_ keep: () -> Void) throws(StoreError) {
    switch fates.isEmpty ? standingFate : fates.removeFirst() {
    case .kept: keep()
    case .refused: throw StoreError(reason: "disk full", isOutcomeUnknown: false)
    case .keptInSilence:
      keep()
      throw StoreError(reason: "input/output error", isOutcomeUnknown: true)
    case .lostInDoubt: throw StoreError(reason: "input/output error", isOutcomeUnknown: true)
    }
  }

  package func beginReplacement() async throws(StoreError) { replacement = [] }

  package func addToReplacement(_ slice: StoreBatch) async throws(StoreError) {
    replacement.append(slice)
  }

  /// Meets a fate of its own, as a commit does.
  package func finishReplacement() async throws(StoreError) {
    await pass(nil)
    try meetFate {
      services = [:]
      instances = [:]
      for slice in replacement { keep(slice) }
    }
    replacement = []
  }

  private func keep(_ batch: StoreBatch) {
    position = batch.position
    for name in batch.removedServices where services.removeValue(forKey: name) != nil {
      instances = instances.filter { $0.key.service != name }
    }
    for record in batch.services { services[record.name] = record }
    for instance in batch.instances { instances[instance.key] = instance }
    for key in batch.removedInstances { instances[key] = nil }
  }

  // MARK: What tests set

  package func setNext(_ fates: [Fate]) { self.fates = fates }

  package func setStanding(_ fate: Fate) { standingFate = fate }

  /// From now on a commit, or replacement, hangs, as a disk can, until ``release()``.
  package func hold() { isHeld = true }

  /// Another disk with what this one holds: what a crash leaves, and what a process that is gone
  /// can't change any more.
  ///
  /// - Parameter withHeld: whether the commit that hangs has reached the disk.
  package func copy(withHeld: Bool) async -> MemoryStore {
    let copy = MemoryStore()
    await copy.take(services, instances, position, withHeld ? heldBatch : nil)
    return copy
  }

  private func take(
    _ services: [ServiceName: ServiceRecord], _ instances: [InstanceKey: Instance],
    _ position: StorePosition, _ batch: StoreBatch?
  ) {
    (self.services, self.instances, self.position) = (services, instances, position)
    if let batch { keep(batch) }
  }

  /// Returns when one hangs.
  package func waitUntilHeld() async {
    guard gate == nil else { return }
    await withCheckedContinuation { waiters.append($0) }
  }

  package func release() {
    isHeld = false
    gate?.resume()
    gate = nil
  }
}
