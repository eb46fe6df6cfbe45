// A batch of commands being decided: what the registry would be if they were committed.

/// Changes on top of a state that itself is left alone.
///
/// Pure: it takes the state and the time as arguments, so the same commands always make the same
/// batch. Later commands of a batch see what earlier ones did.
struct Draft {
  let now: WallTime
  let settings: RegistrySettings
  private(set) var position: StorePosition
  private(set) var changesZone = false
  /// What the commands have changed, one by one.
  private(set) var events: [RegistryEvent] = []
  private var instances: [InstanceKey: Instance?] = [:]
  /// The keys of ``instances`` in the order of their first change.
  private var order: [InstanceKey] = []
  private var services: [ServiceName: ServiceDraft] = [:]
  private var forgotten: Set<ServiceName> = []
  /// Services that are removed with their instances. What the state has of them counts no more,
  /// also where a later command makes the service anew.
  private var removed: Set<ServiceName> = []
  /// Instances more than there are in the state.
  private var growth = 0
  private(set) var newServiceCount = 0
  /// Names right below which there are new services.
  private var parents: Set<ServiceName> = []
  /// Of services of which somebody has asked.
  private var lengths: [ServiceName: AnswerLengths] = [:]

  private struct ServiceDraft {
    var record: ServiceRecord
    var count: Int
    let isNew: Bool
    /// The instances that are not as in the state.
    var changed: Set<Label> = []
  }

  init(position: StorePosition, now: WallTime, settings: RegistrySettings) {
    self.position = position
    self.settings = settings
    self.now = now
  }

  var isEmpty: Bool { services.isEmpty && forgotten.isEmpty && removed.isEmpty }

  // MARK: What a later command sees

  func instance(_ key: InstanceKey, in state: RegistryState) -> Instance? {
    if let change = instances[key] { return change }
    return removed.contains(key.service) ? nil : state.instance(key)
  }

  /// What the state has, as far as it still counts.
  func service(_ name: ServiceName, in state: RegistryState) -> Service? {
    removed.contains(name) ? nil : state.services[name]
  }

  /// The same of an instance, even if its lease has ended.
  func member(_ key: InstanceKey, in state: RegistryState) -> Member? {
    service(key.service, in: state)?.member(key.id)
  }

  func hasChange(of key: InstanceKey) -> Bool { instances[key] != nil }

  func hasChange(of service: ServiceName) -> Bool { services[service] != nil }

  func hasService(_ name: ServiceName, in state: RegistryState) -> Bool {
    if forgotten.contains(name) { return false }
    return services[name] != nil || service(name, in: state) != nil
  }

  func record(of service: ServiceName, in state: RegistryState) -> ServiceRecord? {
    if forgotten.contains(service) { return nil }
    return services[service]?.record ?? self.service(service, in: state)?.record
  }

  /// The service named `label` before `name`, if there is one.
  func child(_ label: Label, of name: ServiceName, in state: RegistryState) -> ServiceName? {
    // Making the name costs more than knowing that there is none.
    guard state.hasChildren(name) || parents.contains(name), let child = name.below(label),
      hasService(child, in: state)
    else { return nil }
    return child
  }

  func newInstanceCount(in state: RegistryState) -> Int { state.instanceCount + growth }

  func instanceCount(of service: ServiceName, in state: RegistryState) -> Int {
    services[service]?.count ?? self.service(service, in: state)?.members.count ?? 0
  }

  /// The instances that `service` would have: those that stay as they are in the state, and those
  /// that change or are new.
  private func instances(
    of service: ServiceName, in state: RegistryState
  ) -> (kept: [Member], changed: [Instance]) {
    let members = self.service(service, in: state)?.members ?? []
    guard let changed = services[service]?.changed, !changed.isEmpty else { return (members, []) }
    let new = changed.lazy.compactMap { id in
      self.instances[InstanceKey(service: service, id: id)].flatMap(\.self)
    }
    return (members.filter { !changed.contains($0.id) }, Array(new))
  }

  /// Octets of the longest answer section of the service if `registration` were at `key`.
  mutating func longestAnswer(
    with registration: Registration, at key: InstanceKey, in state: RegistryState, nameLength: Int
  ) -> Int {
    let service = key.service
    let maxAnswers = record(of: service, in: state)?.settings.maxAnswers
    addUp(service, in: state, nameLength: nameLength)
    let previous = held(key, in: state)
    if let previous { lengths[service]?.remove(previous) }
    lengths[service]?.add(key.id, registration)
    let longest = lengths[service]?.longest(maxAnswers: maxAnswers) ?? 0
    lengths[service]?.remove(key.id, registration)
    if let previous { lengths[service]?.add(previous) }
    return longest
  }

  /// The same of the service as it is, with that setting.
  mutating func longestAnswer(
    of service: ServiceName, maxAnswers: Int?, in state: RegistryState, nameLength: Int
  ) -> Int {
    addUp(service, in: state, nameLength: nameLength)
    return lengths[service]?.longest(maxAnswers: maxAnswers) ?? 0
  }

  private mutating func addUp(
    _ service: ServiceName, in state: RegistryState, nameLength: Int
  ) {
    guard lengths[service] == nil else { return }
    let (kept, changed) = instances(of: service, in: state)
    var sum = AnswerLengths(serviceNameLength: nameLength)
    for member in kept { sum.add(member) }
    for instance in changed { sum.add(instance) }
    lengths[service] = sum
  }

  /// The instance, even if its lease has ended: it counts until it is removed.
  private func held(_ key: InstanceKey, in state: RegistryState) -> Instance? {
    if let change = instances[key] { return change }
    return member(key, in: state)?.instance
  }

  // MARK: Changes

  @discardableResult
  mutating func put(
    _ registration: Registration, at key: InstanceKey, safeAt: WallTime? = nil,
    in state: RegistryState
  ) -> Instance {
    let previous = instance(key, in: state)
    let held = held(key, in: state)
    position.revision += 1
    let changed = Instance(
      key: previous?.key ?? key, registration: registration, revision: position.revision,
      registeredAt: previous?.registeredAt ?? now, safeAt: safeAt)
    set(changed, at: key)
    changesZone = changesZone || previous.map { !$0.hasSameRecords(as: changed) } ?? true
    if held == nil { growth += 1 }
    change(key, in: state) { draft in
      if held == nil { draft.count += 1 }
      draft.record.claims.insert(registration)
    }
    if let held { lengths[key.service]?.remove(held) }
    lengths[key.service]?.add(changed)
    return changed
  }

  mutating func remove(_ key: InstanceKey, in state: RegistryState) {
    if let held = held(key, in: state) { lengths[key.service]?.remove(held) }
    position.revision += 1
    set(nil, at: key)
    changesZone = true
    growth -= 1
    change(key, in: state) { $0.count -= 1 }
  }

  private mutating func set(_ instance: Instance?, at key: InstanceKey) {
    if instances.updateValue(instance, forKey: key) == nil { order.append(key) }
  }

  /// - Parameter usualTTL: seconds, where a service sets none.
  mutating func configure(
    _ service: ServiceName, _ settings: ServiceSettings, usualTTL: UInt32,
    in state: RegistryState
  ) -> ServiceRecord {
    position.revision += 1
    changesZone = true
    forgotten.remove(service)
    var draft = services[service] ?? draft(of: service, in: state)
    draft.record.set(settings, usualTTL: usualTTL, at: now)
    draft.record.revision = position.revision
    if draft.count == 0 { draft.record.emptySince = now }
    services[service] = draft
    return draft.record
  }

  /// Says what the last change was.
  mutating func note(_ kind: RegistryEventKind, _ key: InstanceKey) {
    events.append(RegistryEvent(revision: position.revision, kind, of: key.service, key.id))
  }

  mutating func noteSettings(of service: ServiceName) {
    events.append(RegistryEvent(revision: position.revision, .serviceConfigured, of: service))
  }

  mutating func noteRemoval(of service: ServiceName) {
    events.append(RegistryEvent(revision: position.revision, .serviceRemoved, of: service))
  }

  mutating func forget(_ service: ServiceName) {
    position.revision += 1
    forgotten.insert(service)
    if services.removeValue(forKey: service)?.isNew == true { newServiceCount -= 1 }
    changesZone = true
  }

  /// Removes the service with its instances, each a change with a revision, and so is the
  /// service's own.
  mutating func remove(_ service: ServiceName, in state: RegistryState) {
    let count = instanceCount(of: service, in: state)
    growth -= count
    position.revision += UInt64(count) + 1
    changesZone = true
    // What the batch has done to it so far is undone with it.
    if let draft = services.removeValue(forKey: service) {
      for id in draft.changed { instances[InstanceKey(service: service, id: id)] = nil }
      order.removeAll { $0.service == service }
      if draft.isNew { newServiceCount -= 1 }
    }
    lengths[service] = nil
    removed.insert(service)
  }

  private mutating func change(
    _ key: InstanceKey, in state: RegistryState, _ body: (inout ServiceDraft) -> Void
  ) {
    let service = key.service
    func change(_ draft: inout ServiceDraft) {
      draft.changed.insert(key.id)
      body(&draft)
      draft.record.revision = position.revision
      draft.record.emptySince = draft.count == 0 ? now : nil
    }
    if services[service] == nil { services[service] = draft(of: service, in: state) }
    change(&services[service]!)
    forgotten.remove(service)
  }

  private mutating func draft(of service: ServiceName, in state: RegistryState) -> ServiceDraft {
    if let held = self.service(service, in: state) {
      return ServiceDraft(record: held.record, count: held.members.count, isNew: false)
    }
    newServiceCount += 1
    if let (parent, _) = service.above { parents.insert(parent) }
    let record = ServiceRecord(
      name: service, revision: 0, claims: ServiceClaims(), emptySince: nil)
    return ServiceDraft(record: record, count: 0, isNew: true)
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
        let (kept, changed) = instances(of: record.name, in: state)
        record.claims = ServiceClaims()
        for member in kept { record.claims.insert(member) }
        for instance in changed { record.claims.insert(instance.registration) }
      }
      batch.services.append(record)
    }
    batch.removedServices = forgotten.union(removed).sorted { $0.key < $1.key }
    for key in order {
      guard let change = instances[key] else { preconditionFailure("the order is of instances") }
      if let change { batch.instances.append(change) } else { batch.removedInstances.append(key) }
    }
    return batch
  }
}
