// The single loop through which everything in the service zone changes.

import DNSZone
import DequeModule
import Dispatch
package import Logging

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
  private let store: any RegistryStore
  let clock: RegistryClock
  private let logger: Logger
  var state = RegistryState()
  var leaseEnds = DueQueue<InstanceKey>()
  var upkeep = DueQueue<Upkeep>()
  private var inbox: Deque<Waiting> = []
  /// Commands in the inbox that somebody waits for.
  package private(set) var waitingCommands = 0
  private var isCommitting = false
  private var isStoreFailing = false
  var areLeasesRunning = false
  var timer: (any DispatchSourceTimer)?

  private typealias Reply<Value> = CheckedContinuation<Result<Value, RegistryError>, Never>

  /// What waits for its turn.
  private enum Waiting {
    /// Commands that stand together are committed together.
    case command(Command, Reply<Outcome>?)
    case reload(Reload, Reply<[ZoneReport]>)
  }

  package init(
    zone: sending ServiceZone, store: any RegistryStore, clock: RegistryClock, logger: Logger
  ) {
    names = zone.names
    self.zone = zone
    self.store = store
    self.clock = clock
    self.logger = logger
  }

  // MARK: Start

  /// Takes over what the store holds and publishes it. The zone's serial goes up, durably.
  package func load() async throws(StoreError) {
    let stored = try await store.load()
    state.position = stored.position
    let serial = stored.position.serial.map { ($0 &+ 1).laterSerial(zone.serial) } ?? zone.serial
    state.position.serial = serial
    try await store.commit(StoreBatch(position: state.position))
    take(stored)
    for (name, service) in state.services { publish(whole(service), of: name) }
    zone.setSerial(serial)
    zone.collect()
  }

  private func take(_ stored: StoredRegistry) {
    let now = clock.wall()
    for record in stored.services {
      state.put(record)
      zone.changeClaims(of: record.name, from: nil, to: record.claims)
    }
    for instance in stored.instances {
      state.put(Service.Member(instance: instance, leaseEnd: RRset.noLease, renewedAt: now))
      warnIfHidden(instance)
    }
  }

  private func warnIfHidden(_ instance: Instance) {
    for name in zone.names.names(of: instance.key, instance.registration) {
      guard let owner = zone.staticOwner(claiming: name) else { continue }
      logger.warning(
        "a zone file's records hide a registered name",
        metadata: ["name": "\(name)", "static": "\(owner)"])
    }
  }

  // MARK: Commands

  /// Registers an instance or replaces what it said of itself.
  package func register(
    _ key: InstanceKey, _ registration: Registration
  ) async throws(RegistryError) -> RegistrationReply {
    switch try await submit(.register(key, registration)) {
    case .stored(let instance, let isNew, let warnings):
      return RegistrationReply(instance: instance, isNew: isNew, warnings: warnings)
    case .removed:
      preconditionFailure("a registration removes nothing")
    }
  }

  package func deregister(_ key: InstanceKey) async throws(RegistryError) {
    _ = try await submit(.deregister(key))
  }

  /// Begins the instance's lease anew. Only a change of status is a change that is committed.
  ///
  /// - Parameter status: nil leaves it as it is.
  package func renew(
    _ key: InstanceKey, status: InstanceStatus?
  ) async throws(RegistryError) -> InstanceView {
    guard let instance = state.instance(key) else { throw .unknownInstance(key) }
    // What is being committed, or may be on disk, can have another status than is in memory.
    let isChange =
      status.map { status in
        status != instance.registration.status || isCommitting || state.isInDoubt
      } ?? false
    if let status, isChange,
      case .stored(let view, _, _) = try await submit(.changeStatus(key, status))
    {
      return view
    }
    restartLease(key)
    return try self.instance(key)
  }

  private func submit(_ command: Command) async throws(RegistryError) -> Outcome {
    guard waitingCommands < RegistryLimits.waitingCommands else { throw .busy }
    return try await withCheckedContinuation { reply in
      waitingCommands += 1
      put(.command(command, reply))
    }.get()
  }

  func submit(_ reload: Reload) async throws(RegistryError) -> [ZoneReport] {
    try await withCheckedContinuation { put(.reload(reload, $0)) }.get()
  }

  /// Takes a command that nobody waits for. It is not refused: it was accepted when the lease was.
  func enqueue(_ command: Command) {
    put(.command(command, nil))
  }

  private func put(_ waiting: Waiting) {
    inbox.append(waiting)
    guard !isCommitting else { return }
    isCommitting = true
    Task {
      while let first = inbox.first {
        switch first {
        case .command:
          await commitBatch()
        case .reload(let reload, let reply):
          inbox.removeFirst()
          reply.resume(returning: await carryOut(reload))
        }
      }
      isCommitting = false
    }
  }

  /// The commands that are to be committed next.
  private func takeBatch() -> [(command: Command, reply: Reply<Outcome>?)] {
    var batch: [(command: Command, reply: Reply<Outcome>?)] = []
    while batch.count < RegistryLimits.batch, case .command(let command, let reply) = inbox.first {
      inbox.removeFirst()
      batch.append((command, reply))
    }
    return batch
  }

  /// Decide, commit, apply, publish, reply.
  private func commitBatch() async {
    let commands = takeBatch()
    waitingCommands -= commands.count { $0.reply != nil }
    if let failure = await settleDoubt() {
      retryLater(commands.map(\.command))
      for command in commands { command.reply?.resume(returning: .failure(failure)) }
      return
    }
    var draft = Draft(position: state.position, now: clock.wall())
    let decisions = commands.map { draft.decide($0.command, on: state, in: zone) }
    var failure: StoreError?
    if !draft.isEmpty {
      let batch = draft.batch(in: state)
      // Numbers of a batch that failed may be on disk all the same: they are not used again.
      state.position = batch.position
      do throws(StoreError) {
        try await store.commit(batch)
        apply(batch)
      } catch {
        failure = error
        if error.isOutcomeUnknown { state.setInDoubt(batch) }
        retryLater(commands.map(\.command))
      }
      noteStore(failure)
    }
    for (command, decision) in zip(commands, decisions) {
      command.reply?.resume(returning: result(decision, failure))
    }
  }

  /// Commits what settles the doubt about an earlier batch, if there is any.
  /// - Returns: why that failed; nothing else was committed then.
  func settleDoubt() async -> RegistryError? {
    guard let settlement = state.settlement else { return nil }
    do throws(StoreError) {
      try await store.commit(settlement)
    } catch {
      noteStore(error)
      return .notCommitted(reason: error.reason, isOutcomeUnknown: false)
    }
    state.clearDoubt()
    return nil
  }

  /// Commits what changes nothing but numbers.
  /// - Returns: why that failed.
  func commit(_ batch: StoreBatch) async -> RegistryError? {
    do throws(StoreError) {
      try await store.commit(batch)
      noteStore(nil)
      return nil
    } catch {
      noteStore(error)
      return .notCommitted(reason: error.reason, isOutcomeUnknown: error.isOutcomeUnknown)
    }
  }

  /// Says once that the store fails and once that it works again.
  private func noteStore(_ failure: StoreError?) {
    if let failure, !isStoreFailing {
      logger.error(
        "changes can't be stored and are refused; DNS goes on answering",
        metadata: ["reason": "\(failure.reason)"])
    } else if failure == nil, isStoreFailing {
      logger.notice("changes can be stored again")
    }
    isStoreFailing = failure != nil
  }

  private func result(
    _ decision: Decision, _ failure: StoreError?
  ) -> Result<Outcome, RegistryError> {
    switch decision {
    case .refused(let error):
      return .failure(error)
    case .unchanged(let instance):
      restartLease(instance.key)
      return .success(.stored(view(instance), isNew: false, warnings: []))
    case .accepted, .settled:
      if let failure {
        return .failure(
          .notCommitted(reason: failure.reason, isOutcomeUnknown: failure.isOutcomeUnknown))
      }
      guard case .accepted(let instance, let isNew, let warnings) = decision else {
        return .success(.removed)
      }
      return .success(.stored(view(instance), isNew: isNew, warnings: warnings))
    }
  }

  /// The instance as the command left it, whatever a later one of the same batch has done to it.
  private func view(_ instance: Instance) -> InstanceView {
    let member = state.member(instance.key)
    let isCurrent = member?.instance.revision == instance.revision
    return InstanceView(
      instance, renewedAt: isCurrent ? member?.renewedAt ?? clock.wall() : clock.wall(), names)
  }
}
