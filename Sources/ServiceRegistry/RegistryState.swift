// All services in memory, as far as they are committed.

import DNSZone

struct RegistryState {
  private(set) var services: [ServiceName: Service] = [:]
  /// How many services have a name right below that one: `a.web` and `b.web` are below `web`.
  private var childCounts: [ServiceName: Int] = [:]
  private(set) var instanceCount = 0
  private(set) var drainingCount = 0
  var position = StorePosition()
  /// Of the service put last: those of many are equal, and then have their memory in common.
  private var claimsBefore = ServiceClaims()

  func member(_ key: InstanceKey) -> Member? {
    services[key.service]?.member(key.id)
  }

  /// The instance unless its lease has ended.
  func instance(_ key: InstanceKey) -> Instance? {
    guard let member = member(key), !member.isExpired else { return nil }
    return member.instance
  }

  /// Whether there is a service whose name is a label before `name`.
  func hasChildren(_ name: ServiceName) -> Bool {
    !childCounts.isEmpty && childCounts[name] != nil
  }

  /// The service named `label` before `name`, if there is one.
  func child(_ label: Label, of name: ServiceName) -> Service? {
    // Making the name costs more than knowing that there is none.
    hasChildren(name) ? name.below(label).flatMap { services[$0] } : nil
  }

  // MARK: Changes

  /// - Returns: the service, which is there if it was not.
  @discardableResult
  mutating func put(_ record: ServiceRecord) -> Service {
    var record = record
    if record.claims == claimsBefore {
      record.claims = claimsBefore
    } else {
      claimsBefore = record.claims
    }
    if let service = services[record.name] {
      service.record = record
      return service
    }
    let service = Service(record: record)
    services[record.name] = service
    if let (parent, _) = record.name.above { childCounts[parent, default: 0] += 1 }
    return service
  }

  mutating func remove(_ service: ServiceName) {
    guard let removed = services.removeValue(forKey: service) else { return }
    instanceCount -= removed.members.count
    guard let (parent, _) = service.above, let count = childCounts[parent] else { return }
    childCounts[parent] = count == 1 ? nil : count - 1
  }

  /// - Parameter block: what the zone is to answer from for `instance`.
  /// - Returns: the member, which is there if it was not, and the block that it had before.
  mutating func put(
    _ instance: Instance, _ block: InstanceBlock, in service: Service, at now: WallTime
  ) -> (member: Member, before: InstanceBlock?) {
    if let member = service.member(instance.key.id) {
      setDrain(of: member, to: instance)
      return (member, member.replace(with: instance, block, at: now))
    }
    let member = Member(instance, block, of: service, at: now)
    service.insert(member)
    instanceCount += 1
    setDrain(of: member, to: instance)
    return (member, nil)
  }

  /// A drain that goes on is left as it is.
  private mutating func setDrain(of member: Member, to instance: Instance) {
    let before = member.drain
    guard before?.safeAt != instance.safeAt else { return }
    drainingCount += (instance.safeAt == nil ? 0 : 1) - (before == nil ? 0 : 1)
    member.service.setDrain(
      instance.safeAt.map { Drain(safeAt: $0) }, of: instance.key.id, member)
  }

  /// - Returns: those that are removed: the last `count` ones, or all if there are no more.
  mutating func removeLast(_ count: Int, from service: Service) -> [Member] {
    let removed = service.removeLast(count)
    instanceCount -= removed.count
    drainingCount -= removed.count(where: \.isDraining)
    return removed
  }

  mutating func remove(_ id: Label, from service: Service) -> Member? {
    guard let member = service.remove(id) else { return nil }
    instanceCount -= 1
    if member.isDraining { drainingCount -= 1 }
    return member
  }
}
