// A batch of commands being decided: what the registry would be if they were committed.

/// Changes on top of a state that itself is left alone.
///
/// Pure: it takes the state and the time as arguments, so the same commands always make the same
/// batch. Later commands of a batch see what earlier ones did.
struct Draft {
  let now: WallTime
  private(set) var position: StorePosition
  private(set) var changesZone = false
  private var instances: [InstanceKey: Instance?] = [:]
  private var services: [ServiceName: ServiceDraft] = [:]
  private var forgotten: Set<ServiceName> = []

  private struct ServiceDraft {
    var record: ServiceRecord
    var count: Int
    let isNew: Bool
  }

  init(position: StorePosition, now: WallTime) {
    self.position = position
    self.now = now
  }

  var isEmpty: Bool { instances.isEmpty && forgotten.isEmpty }

  // MARK: What a later command sees

  func instance(_ key: InstanceKey, in state: RegistryState) -> Instance? {
    if let change = instances[key] { return change }
    return state.instance(key)
  }

  func hasChange(of key: InstanceKey) -> Bool { instances[key] != nil }

  func hasChange(of service: ServiceName) -> Bool { services[service] != nil }

  func hasService(_ name: ServiceName, in state: RegistryState) -> Bool {
    if forgotten.contains(name) { return false }
    return services[name] != nil || state.services[name] != nil
  }

  func newInstanceCount(in state: RegistryState) -> Int {
    instances.reduce(state.instanceCount) { count, change in
      let before = state.member(change.key) == nil ? 0 : 1
      return count + (change.value == nil ? 0 : 1) - before
    }
  }

  var newServiceCount: Int { services.values.count(where: \.isNew) }

  func instanceCount(of service: ServiceName, in state: RegistryState) -> Int {
    services[service]?.count ?? state.services[service]?.members.count ?? 0
  }

  /// The instances that `service` would have.
  func instances(of service: ServiceName, in state: RegistryState) -> [Instance] {
    let kept = (state.services[service]?.members.values.map(\.instance) ?? [])
      .filter { instances[$0.key] == nil }
    let changed = instances.filter { $0.key.service == service }.compactMap(\.value)
    return kept + changed
  }

  // MARK: Changes

  @discardableResult
  mutating func put(
    _ registration: Registration, at key: InstanceKey, in state: RegistryState
  ) -> Instance {
    let previous = instance(key, in: state)
    let isCounted = instances[key].map { $0 != nil } ?? (state.member(key) != nil)
    position.revision += 1
    let changed = Instance(
      key: previous?.key ?? key, registration: registration, revision: position.revision,
      registeredAt: previous?.registeredAt ?? now)
    instances[key] = .some(changed)
    changesZone =
      changesZone || previous.map { !$0.registration.hasSameRecords(as: registration) } ?? true
    change(key.service, in: state) { draft in
      if !isCounted { draft.count += 1 }
      draft.record.claims.formUnion(ServiceClaims(registration))
    }
    return changed
  }

  mutating func remove(_ key: InstanceKey, in state: RegistryState) {
    position.revision += 1
    instances[key] = .some(nil)
    changesZone = true
    change(key.service, in: state) { $0.count -= 1 }
  }

  mutating func forget(_ service: ServiceName) {
    position.revision += 1
    forgotten.insert(service)
    services[service] = nil
    changesZone = true
  }

  private mutating func change(
    _ service: ServiceName, in state: RegistryState, _ body: (inout ServiceDraft) -> Void
  ) {
    var draft =
      services[service]
      ?? state.services[service].map {
        ServiceDraft(record: $0.record, count: $0.members.count, isNew: false)
      }
      ?? ServiceDraft(
        record: ServiceRecord(
          name: service, revision: 0, claims: ServiceClaims(), emptySince: nil),
        count: 0, isNew: true)
    body(&draft)
    draft.record.revision = position.revision
    draft.record.emptySince = draft.count == 0 ? now : nil
    forgotten.remove(service)
    services[service] = draft
  }

  // MARK: The result

  /// What has to be committed, in a fixed order. When the zone changes, its serial goes up.
  func batch(in state: RegistryState) -> StoreBatch {
    var position = position
    if changesZone { position.serial = position.serial.map { $0 &+ 1 } }
    var batch = StoreBatch(position: position)
    for draft in services.values.sorted(by: { $0.record.name.key < $1.record.name.key }) {
      var record = draft.record
      if !record.claims.isWithinLimits {
        record.claims = instances(of: record.name, in: state)
          .reduce(into: ServiceClaims()) { $0.formUnion(ServiceClaims($1.registration)) }
      }
      batch.services.append(record)
    }
    batch.removedServices = forgotten.sorted { $0.key < $1.key }
    let changes = instances.sorted {
      ($0.key.service.key, $0.key.id) < ($1.key.service.key, $1.key.id)
    }
    for (key, change) in changes {
      if let change { batch.instances.append(change) } else { batch.removedInstances.append(key) }
    }
    return batch
  }
}
