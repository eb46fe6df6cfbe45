// All services in memory, as far as they are committed.

import DNSZone

struct RegistryState {
  private(set) var services: [ServiceName: Service] = [:]
  private(set) var instanceCount = 0
  var position = StorePosition()
  /// What the store may hold otherwise than is here, because a commit failed without saying how.
  private var doubt: StoreBatch?

  func member(_ key: InstanceKey) -> Service.Member? {
    services[key.service]?.members[key.id]
  }

  /// The instance unless its lease has ended.
  func instance(_ key: InstanceKey) -> Instance? {
    guard let member = member(key), !member.isExpired else { return nil }
    return member.instance
  }

  // MARK: Changes

  mutating func put(_ record: ServiceRecord) {
    services[record.name, default: Service(record: record)].record = record
  }

  mutating func remove(_ service: ServiceName) {
    instanceCount -= services.removeValue(forKey: service)?.members.count ?? 0
  }

  mutating func put(_ member: Service.Member) {
    let key = member.instance.key
    let replaced = services[key.service]?.members.updateValue(member, forKey: key.id)
    if replaced == nil { instanceCount += 1 }
  }

  mutating func remove(_ key: InstanceKey) {
    if services[key.service]?.members.removeValue(forKey: key.id) != nil { instanceCount -= 1 }
  }

  /// Begins the instance's lease anew and gives the new end.
  mutating func restartLease(_ key: InstanceKey, at now: BootTime, wall: WallTime) -> BootTime {
    guard let seconds = member(key)?.instance.registration.leaseSeconds else {
      services[key.service]?.members[key.id]?.renewedAt = wall
      return RRset.noLease
    }
    let end = now + BootTime(seconds) * 1_000_000_000
    services[key.service]?.members[key.id]?.leaseEnd = end
    services[key.service]?.members[key.id]?.renewedAt = wall
    return end
  }

  // MARK: Doubt

  var isInDoubt: Bool { doubt != nil }

  /// `batch` failed, and may be on disk all the same. Nothing else is committed before the doubt
  /// is settled, so there is one such batch at most.
  mutating func setInDoubt(_ batch: StoreBatch) {
    doubt = batch
  }

  /// Makes the store hold again what is here, wherever the batch in doubt would have changed it.
  var settlement: StoreBatch? {
    guard let doubt else { return nil }
    let names = doubt.services.map(\.name) + doubt.removedServices
    return StoreBatch(
      services: names.compactMap { services[$0]?.record },
      removedServices: names.filter { services[$0] == nil },
      instances: doubt.keys.compactMap { member($0)?.instance },
      removedInstances: doubt.keys.filter { member($0) == nil }, position: position)
  }

  mutating func clearDoubt() {
    doubt = nil
  }

  mutating func setEmptyUntil(_ end: BootTime?, _ name: ServiceName) {
    services[name]?.emptyUntil = end
  }

  mutating func setExpired(_ key: InstanceKey, _ isExpired: Bool) {
    services[key.service]?.members[key.id]?.isExpired = isExpired
  }
}
