// All services in memory, as far as they are committed.

import DNSZone

struct RegistryState {
  private(set) var services: [ServiceName: Service] = [:]
  private(set) var instanceCount = 0
  var position = StorePosition()
  /// Instances of which the store may hold something else than is here, because a commit failed
  /// without saying how. An equal registration is then a change that has to be committed.
  private(set) var inDoubt: Set<InstanceKey> = []

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

  /// Only those that are here: of others any registration is a change anyway.
  mutating func setInDoubt(_ keys: [InstanceKey]) {
    inDoubt.formUnion(keys.filter { member($0) != nil })
  }

  mutating func clearDoubt(_ keys: [InstanceKey]) {
    inDoubt.subtract(keys)
  }

  mutating func setEmptyUntil(_ end: BootTime?, _ name: ServiceName) {
    services[name]?.emptyUntil = end
  }

  mutating func setExpired(_ key: InstanceKey, _ isExpired: Bool) {
    services[key.service]?.members[key.id]?.isExpired = isExpired
  }
}
