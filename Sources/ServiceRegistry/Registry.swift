// The single loop through which everything in the service zone changes.

import DNSWire
import DNSZone
import DequeModule
import Dispatch
package import Logging
import Synchronization

/// The registry: services, their instances and their leases.
///
/// Every change is a command: decided on a draft, committed with others in one transaction,
/// applied, published, and only then replied to. So a reply means that the change is durable and
/// that every DNS query from now on sees it. A lease's end alone does not wait for the store: the
/// instance leaves the answers at once, its removal is then a command like any other.
package actor Registry {
  let executor = QueueExecutor(label: "rollcall.registry")
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  let zone: ServiceZone
  package nonisolated let names: OwnerNames
  let store: any RegistryStore
  let clock: RegistryClock
  let logger: Logger
  let settings: RegistrySettings
  var state = RegistryState()
  var leaseEnds = LeaseCalendar()
  /// Services with instances that the zone holds though their lease has ended.
  var endedServices: Deque<Service> = []
  /// Services without instances by when they are to be forgotten.
  var emptyServices = DueQueue<ServiceName>()
  var drainWaiters = DrainWaiters()
  /// Callers that wait for the end of a drain or are about to.
  package internal(set) var waitingDrains = 0
  var nextWaiter: UInt64 = 0
  /// Drains that have begun.
  package internal(set) var drains: UInt64 = 0
  var brake: ExpiryBrake?
  /// Instances that are answered though their lease has ended.
  package internal(set) var heldCount = 0
  /// How often it has held one.
  package internal(set) var holds: UInt64 = 0
  /// A service of which instances are held that no line has told of.
  var unsaidHold: ServiceName?
  var nextHoldLine: BootTime = 0
  /// Services of which instances are held that nobody who watches was told of.
  var untoldHolds: Set<ServiceName> = []
  /// The last changes.
  var log: EventLog
  let listener = Mutex<(any EventListener)?>(nil)
  private let inbox = Inbox()
  var storeHealth = StoreHealth()
  var areLeasesRunning = false
  /// Since the start.
  var expirations = 0
  var renewals = 0
  var timer: (any DispatchSourceTimer)?

  package init(
    zone: sending ServiceZone, store: any RegistryStore, clock: RegistryClock, logger: Logger,
    settings: RegistrySettings = RegistrySettings()
  ) {
    names = zone.names
    self.zone = zone
    self.store = store
    self.clock = clock
    self.logger = logger
    self.settings = settings
    brake = ExpiryBrake(settings.brake)
    log = EventLog(limit: settings.eventsKept)
  }

  // MARK: Start

  /// Takes over what the store holds and publishes it. The zone's serial goes up, durably.
  package func load() async throws(StoreError) {
    let stored = try await store.load()
    state.position = stored.position
    log.begin(at: stored.position.revision)
    let serial = stored.position.serial.map { ($0 &+ 1).laterSerial(zone.serial) } ?? zone.serial
    state.position.serial = serial
    try await store.commit(StoreBatch(position: state.position))
    take(stored.services)
    try await takeInstances()
    zone.setSerial(serial)
    zone.collect()
  }

  /// All of them, before any is published: whether a port's name gives way to a service is known
  /// only then.
  private func take(_ records: [ServiceRecord]) {
    for record in records {
      state.put(record)
      zone.changeClaims(of: record.name, from: nil, to: record.claims)
    }
  }

  /// Publishes instances slice by slice, and says how far it is while it takes long. The next slice
  /// is read meanwhile, so there are never more than two.
  private func takeInstances() async throws(StoreError) {
    var taken = 0
    var said = clock.boot()
    var slice = try await store.instances(after: nil)
    while let last = slice.last?.key.service {
      async let next = instances(after: last)
      taken += take(slice)
      if clock.boot() - said >= Self.progressInterval {
        said = clock.boot()
        logger.notice(
          "restoring registrations",
          metadata: ["services": "\(taken)", "of": "\(state.services.count)"])
      }
      slice = try await next.get()
    }
    // What a service without instances was known by exists all the same.
    for service in state.services.values where service.members.isEmpty {
      publish(whole(service), of: service)
    }
  }

  /// Nanoseconds between two lines about long work.
  private static var progressInterval: BootTime { 1_000_000_000 }

  private nonisolated func instances(
    after service: ServiceName
  ) async -> Result<[Instance], StoreError> {
    do throws(StoreError) {
      return .success(try await store.instances(after: service))
    } catch {
      return .failure(error)
    }
  }

  /// - Returns: how many services the instances are of.
  private func take(_ instances: [Instance]) -> Int {
    let now = clock.wall()
    var count = 0
    var rest = instances[...]
    while let name = rest.first?.key.service {
      guard let service = state.services[name] else {
        preconditionFailure("an instance is one of a service")
      }
      let owner = zone.names.service(name).wire
      while let instance = rest.first, instance.key.service == name {
        let block = zone.makeBlock(of: instance, service, owner: owner)
        _ = state.put(instance, block, in: service, at: now)
        warnIfHidden(instance)
        rest.removeFirst()
      }
      publish(whole(service), of: service)
      count += 1
    }
    return count
  }

  private func warnIfHidden(_ instance: Instance) {
    guard zone.mayHide(instance.key.service) else { return }
    for name in zone.names.names(of: instance.key, instance.registration) {
      guard let owner = zone.staticOwner(claiming: name) else { continue }
      logger.warning(
        "a zone file's records hide a registered name",
        metadata: ["name": "\(name)", "static": "\(owner)"])
    }
  }

  // MARK: Commands

  /// Registers an instance or replaces what it said of itself.
  ///
  /// - Parameters:
  ///   - reach: of the caller, whom only this tells who holds a name.
  ///   - precondition: what must hold; nil: nothing.
  package nonisolated func register(
    _ key: InstanceKey, _ registration: Registration, within reach: ServiceReach? = nil,
    if precondition: Precondition? = nil
  ) async throws(RegistryError) -> RegistrationReply {
    switch try await submit(Command.register(key, registration, reach).on(precondition)) {
    case .stored(let instance, let change, let warnings):
      return RegistrationReply(instance: instance, change: change, warnings: warnings)
    case .removed, .configured:
      preconditionFailure("a registration removes nothing")
    }
  }

  package nonisolated func deregister(
    _ key: InstanceKey, if precondition: Precondition? = nil
  ) async throws(RegistryError) {
    _ = try await submit(Command.deregister(key).on(precondition))
  }

  /// Sets how a service is answered; it is there from then on.
  ///
  /// - Parameters:
  ///   - reach: of the caller, whom only this tells who holds a name.
  ///   - precondition: what must hold; nil: nothing.
  package nonisolated func configure(
    _ service: ServiceName, _ settings: ServiceSettings, within reach: ServiceReach? = nil,
    if precondition: Precondition? = nil
  ) async throws(RegistryError) -> SettingsReply {
    let command = Command.configure(service, settings, reach).on(precondition)
    guard case .configured(let reply) = try await submit(command)
    else { preconditionFailure("settings have a reply of their own") }
    return reply
  }

  /// Removes a service with its instances, in one commit.
  package nonisolated func remove(
    _ service: ServiceName, if precondition: Precondition? = nil
  ) async throws(RegistryError) {
    _ = try await submit(Command.remove(service).on(precondition))
  }

  /// Begins the instance's lease anew. Only a change of status is a change that is committed.
  ///
  /// - Parameters:
  ///   - status: nil leaves it as it is.
  ///   - precondition: what must hold; nil: nothing.
  package func renew(
    _ key: InstanceKey, status: InstanceStatus?, if precondition: Precondition? = nil
  ) async throws(RegistryError) -> InstanceReply {
    guard let member = state.member(key), !member.isExpired else { throw .unknownInstance(key) }
    if let status = changedStatus(status, of: member),
      case .stored(let view, let change, _) =
        try await submit(Command.changeStatus(key, status).on(precondition))
    {
      return InstanceReply(view: view, isChange: change != .none)
    }
    guard let member = state.member(key) else { throw .unknownInstance(key) }
    if let refusal = precondition?.refusal(of: member.instance) { throw refusal }
    restartLease(member)
    return InstanceReply(view: try instance(key), isChange: false)
  }

  /// The status if it may be another than the stored one: what is being committed, or may be on
  /// disk, can have another than is in memory.
  func changedStatus(
    _ status: InstanceStatus?, of member: Member
  ) -> InstanceStatus? {
    guard let status else { return nil }
    let isChange =
      status != member.status || inbox.isLoopRunning || storeHealth.isInDoubt(member.key)
    return isChange ? status : nil
  }

  /// Returns when the registry has found time for this.
  package func waitForLoop() {}

  /// Commands that somebody waits for and that no turn has come to yet.
  package var waitingCommands: Int { inbox.waitingCommands }

  /// Has many commands of one caller carried out, in order and in one commit.
  nonisolated(nonsending) func submit(
    _ commands: [Command]
  ) async throws(RegistryError) -> [Result<Outcome, RegistryError>] {
    try await withCheckedContinuation { reply in
      if !put(.bulk(commands, reply), limit: RegistryLimits.waitingBulkCommands) {
        reply.resume(returning: .failure(.busy))
      }
    }.get()
  }

  nonisolated(nonsending) func submit(
    _ command: Command
  ) async throws(RegistryError) -> Outcome {
    try await withCheckedContinuation { reply in
      if !put(.command(command, reply), limit: RegistryLimits.waitingCommands) {
        reply.resume(returning: .failure(.busy))
      }
    }.get()
  }

  func submit(_ reload: Reload) async throws(RegistryError) -> [ZoneReport] {
    try await withCheckedContinuation { reply in _ = put(.reload(reload, reply)) }.get()
  }

  /// Takes a command that nobody waits for. It is not refused: it was accepted when the lease was.
  func enqueue(_ command: Command) {
    _ = put(.command(command, nil))
  }

  /// Has the loop look whether the store works again.
  func enqueueProbe() {
    _ = put(.probe)
  }

  /// - Returns: false if more than `limit` commands would wait.
  private nonisolated func put(_ item: Inbox.Item, limit: Int = .max) -> Bool {
    switch inbox.put(item, limit: limit) {
    case .refused: return false
    case .waits: return true
    case .needsLoop:
      executor.queue.async {
        self.assumeIsolated { registry in _ = Task.immediate { await registry.carryOutInbox() } }
      }
      return true
    }
  }

  private func carryOutInbox() async {
    while let turn = inbox.next() {
      switch turn {
      case .batch(let batch):
        let results = await carryOut(batch.map(\.command))
        for ((command, reply), result) in zip(batch, results) {
          reply?.resume(returning: result.map { addSizeWarnings(to: $0, of: command) })
        }
      case .bulk(let commands, let reply):
        reply.resume(returning: .success(await carryOut(commands)))
      case .reload(let reload, let reply):
        reply.resume(returning: await carryOut(reload))
      case .probe:
        await probeStore()
      }
    }
  }

  /// Decide, commit, apply, publish.
  private func carryOut(_ commands: [Command]) async -> [Result<Outcome, RegistryError>] {
    let refusal = await restoreStore()
    var draft = Draft(position: state.position, now: clock.wall(), settings: settings)
    var decisions: [Decision] = []
    for command in commands {
      decisions.append(draft.decide(command, on: state, in: zone))
      if decisions.count % RegistryLimits.slice == 0 { await Task.yield() }
    }
    var failure = refusal
    if failure == nil, !draft.isEmpty {
      let batch = draft.batch(in: state)
      // Numbers of a batch that failed may be on disk all the same: they are not used again.
      state.position = batch.position
      failure = await commit(batch)
      if failure == nil {
        await apply(batch)
        await publish(draft.events)
      }
    }
    if failure != nil { retryLater(commands) }
    return zip(commands, decisions).map { command, decision in
      if let refusal, storeHealth.isInDoubt(command) {
        return .failure(.notCommitted(refusal))
      }
      return result(command, decision, failure)
    }
  }

  private func result(
    _ command: Command, _ decision: Decision, _ failure: StoreError?
  ) -> Result<Outcome, RegistryError> {
    switch decision {
    case .refused(let error):
      return .failure(failure.map { refusal(command, $0) } ?? error)
    case .unchanged(let instance):
      if let member = state.member(instance.key) { restartLease(member) }
      return .success(.stored(view(instance), .none, warnings: []))
    case .configured(let record, let isNew, let isChange):
      if let failure, isChange { return .failure(.notCommitted(failure)) }
      return .success(
        .configured(SettingsReply(service: summary(record), isNew: isNew, isChange: isChange)))
    case .accepted, .settled:
      if let failure { return .failure(.notCommitted(failure)) }
      guard case .accepted(let instance, let isNew, let warnings) = decision else {
        return .success(.removed)
      }
      return .success(.stored(view(instance), isNew ? .new : .replaced, warnings: warnings))
    }
  }

  /// Why a command is refused whose batch has failed: what earlier ones of the batch would have
  /// made of the state is no reason.
  private func refusal(_ command: Command, _ failure: StoreError) -> RegistryError {
    var alone = Draft(position: state.position, now: clock.wall(), settings: settings)
    if case .refused(let error) = alone.decide(command, on: state, in: zone) { return error }
    return .notCommitted(failure)
  }

  /// The instance as the command left it, whatever a later one of the same batch has done to it.
  private func view(_ instance: Instance) -> InstanceView {
    guard let member = state.member(instance.key), member.revision == instance.revision else {
      return InstanceView(instance, renewedAt: clock.wall())
    }
    var instance = instance
    // A commit that took long has moved it.
    instance.safeAt = member.drain?.safeAt
    return InstanceView(instance, renewedAt: member.renewedAt)
  }
}
