// The rules by which commands are accepted or refused.

import DNSWire
import DNSZone

extension Draft {
  /// Decides `command` on `state` and takes what it changes into the draft.
  mutating func decide(
    _ command: Command, on state: RegistryState, in zone: ServiceZone
  ) -> Decision {
    switch command {
    case .register(let key, let registration, let reach):
      return register(key, registration, within: reach, on: state, in: zone)
    case .deregister(let key):
      return deregister(key, on: state)
    case .changeStatus(let key, let status):
      guard let instance = instance(key, in: state) else {
        return .refused(.unknownInstance(key))
      }
      var registration = instance.registration
      registration.status = status
      guard registration != instance.registration else {
        return hasChange(of: key)
          ? .accepted(instance, isNew: false, warnings: []) : .unchanged(instance)
      }
      let changed = put(registration, at: key, safeAt: instance.safeAt, in: state)
      note(.statusChanged, changed.key)
      return .accepted(changed, isNew: false, warnings: [])
    case .drain(let key):
      return drain(key, on: state, in: zone)
    case .configure(let service, let settings, let reach):
      return configure(service, settings, within: reach, on: state, in: zone)
    case .on(let precondition, let command):
      return decide(command, on: state, in: zone, if: precondition)
    case .remove(let service):
      guard hasService(service, in: state) else { return .refused(.unknownService(service)) }
      remove(service, in: state)
      noteRemoval(of: state.services[service]?.name ?? service)
      return .settled
    case .expire(let key):
      // It may have come back meanwhile, in this batch or before.
      guard instance(key, in: state) == nil, let member = member(key, in: state),
        !hasChange(of: key)
      else { return .settled }
      remove(key, in: state)
      note(member.isDraining ? .drained : .expired, key)
      return .settled
    case .forget(let service):
      // It may have had an instance meanwhile, in this batch or before.
      if !hasChange(of: service), let empty = self.service(service, in: state),
        empty.record.forgettableSince != nil, empty.members.isEmpty
      {
        forget(service)
        noteRemoval(of: empty.name)
      }
      return .settled
    }
  }

  private mutating func configure(
    _ service: ServiceName, _ settings: ServiceSettings, within reach: ServiceReach?,
    on state: RegistryState, in zone: ServiceZone
  ) -> Decision {
    let before = record(of: service, in: state)
    if let before, before.settings == settings {
      return .configured(before, isNew: false, isChange: hasChange(of: service))
    }
    if before == nil {
      if let refusal = refusal(service, within: reach, state, zone) { return .refused(refusal) }
      removeExpiredHolder(of: service, in: state)
    }
    if let refusal = tooLarge(service, maxAnswers: settings.maxAnswers, state, zone) {
      return .refused(refusal)
    }
    let record = configure(service, settings, usualTTL: zone.ttl, in: state)
    noteSettings(of: record.name)
    return .configured(record, isNew: before == nil, isChange: true)
  }

  /// Why there can't be a service of that name, without instances.
  private func refusal(
    _ service: ServiceName, within reach: ServiceReach?, _ state: RegistryState,
    _ zone: ServiceZone
  ) -> RegistryError? {
    let name = zone.names.service(service)
    if name.wire.count > DomainName.lengthLimit {
      return .nameTooLong(.service, name.description)
    }
    return nameTaken(service, within: reach, state, zone)
      ?? (zone.mayHide(service) ? covered([name], within: reach, zone) : nil)
      ?? servicesLimitReached(service, state)
  }

  /// What would be refused anyhow is refused for its own reason (RFC 9110 section 13.2.1): that
  /// what is to be changed is not there goes before what is required of it.
  private mutating func decide(
    _ command: Command, on state: RegistryState, in zone: ServiceZone,
    if precondition: Precondition
  ) -> Decision {
    if let refusal = refusal(of: command, on: state, if: precondition) { return .refused(refusal) }
    return decide(command, on: state, in: zone)
  }

  private func refusal(
    of command: Command, on state: RegistryState, if precondition: Precondition
  ) -> RegistryError? {
    if let key = command.key {
      let stored = instance(key, in: state)
      if case .register = command { return precondition.refusal(of: stored) }
      return stored == nil ? .unknownInstance(key) : precondition.refusal(of: stored)
    }
    let held = command.service.flatMap { record(of: $0, in: state) }
    if case .remove(let service) = command, held == nil { return .unknownService(service) }
    return precondition.refusal(at: held?.revision)
  }

  private mutating func drain(
    _ key: InstanceKey, on state: RegistryState, in zone: ServiceZone
  ) -> Decision {
    guard let instance = instance(key, in: state) else { return .refused(.unknownInstance(key)) }
    guard instance.safeAt == nil else {
      return hasChange(of: key)
        ? .accepted(instance, isNew: false, warnings: []) : .unchanged(instance)
    }
    let ttl = record(of: key.service, in: state)?.keptTTL(usualTTL: zone.ttl, at: now)
    let safeAt = now + Drain.length(ttl: ttl ?? zone.ttl)
    let drained = put(instance.registration, at: key, safeAt: safeAt, in: state)
    note(.draining, drained.key)
    return .accepted(drained, isNew: false, warnings: [])
  }

  private mutating func deregister(_ key: InstanceKey, on state: RegistryState) -> Decision {
    guard let instance = instance(key, in: state) else { return .refused(.unknownInstance(key)) }
    remove(key, in: state)
    note(.deregistered, instance.key)
    return .settled
  }

  private mutating func register(
    _ key: InstanceKey, _ registration: Registration, within reach: ServiceReach?,
    on state: RegistryState, in zone: ServiceZone
  ) -> Decision {
    let stored = instance(key, in: state)
    // One that drains ends the drain by it.
    if let stored, stored.registration == registration, stored.safeAt == nil {
      return hasChange(of: key)
        ? .accepted(stored, isNew: false, warnings: []) : .unchanged(stored)
    }
    let isNew = stored == nil
    if let refusal = refusal(key, registration, isNew: isNew, within: reach, state, zone) {
      return .refused(refusal)
    }
    removeExpiredHolder(of: key.service, in: state)
    let instance = put(registration, at: key, in: state)
    note(isNew ? .registered : .replaced, instance.key)
    let hidden = registration.ports.compactMap { port -> String? in
      guard let other = child(port.name, of: key.service, in: state) else { return nil }
      return "the SRV records of port '\(port.name)' are hidden: their name belongs to "
        + Self.holder("the service '\(other)'", isShown: reach?(other))
    }
    return .accepted(instance, isNew: isNew, warnings: hidden)
  }

  /// Removes the instance above that has the service's name and whose lease has ended, so that
  /// after a crash there are not two.
  private mutating func removeExpiredHolder(of service: ServiceName, in state: RegistryState) {
    guard let (parent, id) = service.above else { return }
    let key = InstanceKey(service: parent, id: id)
    guard !hasChange(of: key), let member = member(key, in: state) else { return }
    remove(key, in: state)
    note(.expired, member.key)
  }

  private mutating func refusal(
    _ key: InstanceKey, _ registration: Registration, isNew: Bool,
    within reach: ServiceReach?, _ state: RegistryState, _ zone: ServiceZone
  ) -> RegistryError? {
    if key.id.key == ServiceName.tagLabel {
      return .badName(.instance, key.id.text, "is reserved: it sets tags apart")
    }
    if zone.names.mayBeTooLong(key.service),
      let name = zone.names.tooLong(key, registration)
    {
      return .nameTooLong(.service, name.description)
    }
    return nameTaken(key, registration, within: reach, state, zone)
      ?? limitReached(key, isNew: isNew, state)
      ?? tooLarge(key, registration, state, zone)
  }

  /// The names of the table in which another registration, in another role, or a zone file stands.
  private func nameTaken(
    _ key: InstanceKey, _ registration: Registration, within reach: ServiceReach?,
    _ state: RegistryState, _ zone: ServiceZone
  ) -> RegistryError? {
    if let refusal = nameTaken(key.service, within: reach, state, zone) { return refusal }
    if let service = child(key.id, of: key.service, in: state) {
      return .nameTaken(
        name: zone.names.instance(key).description,
        holder: Self.holder("service '\(service)'", isShown: reach?(service)))
    }
    if let reach, takesPort(of: key.service, registration.transport, beyond: reach, state) {
      return .nameTaken(
        name: zone.names.serviceSRV(key.service, registration.transport).description,
        holder: Self.hiddenHolder)
    }
    guard zone.mayHide(key.service) else { return nil }
    return covered(zone.names.names(of: key, registration), within: reach, zone)
  }

  /// The instance that has the service's name.
  private func nameTaken(
    _ service: ServiceName, within reach: ServiceReach?, _ state: RegistryState,
    _ zone: ServiceZone
  ) -> RegistryError? {
    guard let (parent, id) = service.above,
      instance(InstanceKey(service: parent, id: id), in: state) != nil
    else { return nil }
    return .nameTaken(
      name: zone.names.service(service).description,
      holder: Self.holder("instance '\(id)' of service '\(parent)'", isShown: reach?(parent)))
  }

  /// The first of the names at which a zone file leaves no room.
  private func covered(
    _ names: [DomainName], within reach: ServiceReach?, _ zone: ServiceZone
  ) -> RegistryError? {
    for name in names {
      if let owner = zone.staticOwner(claiming: name) {
        return .nameTaken(
          name: name.description,
          holder: Self.holder(
            "the zone file's records at \(owner)", isShown: reach.map { _ in false }))
      }
    }
    return nil
  }

  /// Who holds a name, if the caller may be told.
  private static func holder(_ holder: String, isShown: Bool?) -> String {
    isShown ?? true ? holder : hiddenHolder
  }

  private static let hiddenHolder = "something that the token does not cover"

  /// Whether the service would come to be known by the name that a service outside `reach` has for
  /// one of its ports (RFC 2782): `_web._tcp.prod` is the service `web.prod`'s as soon as there is
  /// one, and port `web`'s of `prod` till then.
  private func takesPort(
    of service: ServiceName, _ transport: TransportProtocol, beyond reach: ServiceReach,
    _ state: RegistryState
  ) -> Bool {
    guard let (parent, label) = service.above, !reach(parent) else { return false }
    let port = ServiceClaims.Port(name: label, transport: transport)
    return record(of: parent, in: state)?.claims.ports.contains(port) ?? false
      && !(record(of: service, in: state)?.claims.transports.contains(transport) ?? false)
  }

  private func limitReached(
    _ key: InstanceKey, isNew: Bool, _ state: RegistryState
  ) -> RegistryError? {
    if let refusal = servicesLimitReached(key.service, state) { return refusal }
    // Counting the draft exactly is worth it only near the limit.
    if isNew, state.instanceCount + RegistryLimits.batch >= settings.instances,
      newInstanceCount(in: state) >= settings.instances
    {
      return .limitReached("instances", limit: settings.instances)
    }
    return nil
  }

  private func servicesLimitReached(
    _ service: ServiceName, _ state: RegistryState
  ) -> RegistryError? {
    guard !hasService(service, in: state),
      state.services.count + newServiceCount >= settings.services
    else { return nil }
    return .limitReached("services", limit: settings.services)
  }

  /// Octets that one instance can add to an answer at most.
  private static var instanceLengthLimit: Int { RegistryLimits.addresses * 28 + 300 }

  /// Whether all instances of the service together would make an answer that no message holds.
  private mutating func tooLarge(
    _ key: InstanceKey, _ registration: Registration, _ state: RegistryState,
    _ zone: ServiceZone
  ) -> RegistryError? {
    guard mayBeTooLarge(instanceCount(of: key.service, in: state) + 1) else { return nil }
    let name = zone.names.service(key.service)
    let longest = longestAnswer(
      with: registration, at: key, in: state, nameLength: name.wire.count)
    return Self.tooLarge(longest, name)
  }

  /// The same with other settings.
  private mutating func tooLarge(
    _ service: ServiceName, maxAnswers: Int?, _ state: RegistryState, _ zone: ServiceZone
  ) -> RegistryError? {
    guard mayBeTooLarge(instanceCount(of: service, in: state)) else { return nil }
    let name = zone.names.service(service)
    let longest = longestAnswer(
      of: service, maxAnswers: maxAnswers, in: state, nameLength: name.wire.count)
    return Self.tooLarge(longest, name)
  }

  /// Few instances fit whatever they are; only many are worth adding up.
  private func mayBeTooLarge(_ count: Int) -> Bool {
    count * Self.instanceLengthLimit > RegistryLimits.messageLength
  }

  private static func tooLarge(_ answerLength: Int, _ name: DomainName) -> RegistryError? {
    // Header, the longest question, OPT with an extended error.
    guard answerLength + 12 + 255 + 4 + 17 > RegistryLimits.messageLength else { return nil }
    return .rrsetTooLarge(name: name.description)
  }
}

/// The octets that a service's answers take over all its instances.
struct AnswerLengths {
  private let serviceNameLength: Int
  /// How many instances have the address: it is answered once.
  private var holders: [IPAddress: Int] = [:]
  private var v4 = 0
  private var v6 = 0
  /// By port name; the default port has none.
  private var srv: [Label?: Int] = [:]

  init(serviceNameLength: Int) {
    self.serviceNameLength = serviceNameLength
  }

  /// Of the longest answer section, with a compressed owner name in each record.
  ///
  /// - Parameter maxAnswers: records of an answer; nil: all. SRV records count as the longest that
  ///   there can be then.
  func longest(maxAnswers: Int?) -> Int {
    let all = max(v4 * 16, v6 * 28, srv.values.max() ?? 0)
    guard let maxAnswers else { return all }
    return min(all, maxAnswers * max(28, 12 + 6 + 1 + Self.idLimit + serviceNameLength))
  }

  /// Octets of an instance's id.
  private static let idLimit = 63

  mutating func add(_ instance: Instance) { add(instance.key.id, instance.registration) }

  mutating func add(_ id: Label, _ registration: Registration) {
    change(
      id.text.utf8.count, registration.addresses, hasPort: registration.port != nil,
      registration.ports, by: 1)
  }

  mutating func add(_ member: Member) {
    let block = member.block
    change(
      block.label.count, block.addresses, hasPort: block.port != nil, member.ports, by: 1)
  }

  mutating func remove(_ instance: Instance) { remove(instance.key.id, instance.registration) }

  mutating func remove(_ id: Label, _ registration: Registration) {
    change(
      id.text.utf8.count, registration.addresses, hasPort: registration.port != nil,
      registration.ports, by: -1)
  }

  private mutating func change(
    _ idLength: Int, _ addresses: [IPAddress], hasPort: Bool, _ ports: [NamedPort], by change: Int
  ) {
    for address in addresses {
      let before = holders[address] ?? 0
      holders[address] = before + change == 0 ? nil : before + change
      guard before == 0 || before + change == 0 else { continue }
      if address.isV4 { v4 += change } else { v6 += change }
    }
    let length = (12 + 6 + 1 + idLength + serviceNameLength) * change
    if hasPort { srv[nil, default: 0] += length }
    for port in ports { srv[port.name, default: 0] += length }
  }
}
