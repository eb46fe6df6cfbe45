// The single loop through which everything in the service zone changes.

import DNSZone
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
  private let store: any RegistryStore
  let clock: RegistryClock
  private let logger: Logger
  var state = RegistryState()
  var due = LeaseQueue()
  private var inbox: [(command: Command, reply: Reply?)] = []
  private var isCommitting = false
  private var isStoreFailing = false
  var areLeasesRunning = false
  var timer: (any DispatchSourceTimer)?

  private typealias Reply = CheckedContinuation<Result<Outcome, RegistryError>, Never>

  package init(
    zone: sending ServiceZone, store: any RegistryStore, clock: RegistryClock, logger: Logger
  ) {
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
    for name in state.services.keys { publishAll(name) }
    zone.setSerial(serial)
    zone.collect()
  }

  private func take(_ stored: StoredRegistry) {
    let now = clock.wall()
    var records = Dictionary(uniqueKeysWithValues: stored.services.map { ($0.name, $0) })
    for instance in stored.instances {
      // A commit in doubt may have left an instance whose names its service does not claim.
      records[instance.key.service]?.claims.formUnion(ServiceClaims(instance.registration))
    }
    for record in records.values {
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
    let outcome = try await submit(.register(key, registration))
    guard case .stored(let key, let isNew, let warnings) = outcome, let view = view(of: key)
    else { throw .unknownInstance(key) }
    return RegistrationReply(instance: view, isNew: isNew, warnings: warnings)
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
    if let status, status != instance.registration.status || state.inDoubt.contains(key) {
      _ = try await submit(.changeStatus(key, status))
    } else {
      restartLease(key)
    }
    guard let view = view(of: key) else { throw .unknownInstance(key) }
    return view
  }

  /// Commands that wait for their turn, those being committed not counted.
  package var waitingCommands: Int { inbox.count }

  private func submit(_ command: Command) async throws(RegistryError) -> Outcome {
    guard inbox.count < RegistryLimits.waitingCommands else { throw .busy }
    return try await withCheckedContinuation { reply in
      inbox.append((command, reply))
      commitInbox()
    }.get()
  }

  /// Takes a command that nobody waits for. It is not refused: it was accepted when the lease was.
  func enqueue(_ command: Command) {
    inbox.append((command, nil))
    commitInbox()
  }

  private func commitInbox() {
    guard !isCommitting, !inbox.isEmpty else { return }
    isCommitting = true
    Task {
      while !inbox.isEmpty { await commitBatch() }
      isCommitting = false
    }
  }

  /// Decide, commit, apply, publish, reply.
  private func commitBatch() async {
    let commands = inbox.prefix(RegistryLimits.batch)
    inbox.removeFirst(commands.count)
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
        if error.isOutcomeUnknown { state.inDoubt.formUnion(batch.keys) }
        retryLater(commands.map(\.command))
      }
      noteStore(failure)
    }
    for (command, decision) in zip(commands, decisions) {
      command.reply?.resume(returning: result(decision, failure))
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
    case .unchanged(let key):
      restartLease(key)
      return .success(.stored(key, isNew: false, warnings: []))
    case .accepted(let key, let isNew, let warnings):
      if let failure {
        return .failure(
          .notCommitted(reason: failure.reason, isOutcomeUnknown: failure.isOutcomeUnknown))
      }
      return .success(.stored(key, isNew: isNew, warnings: warnings))
    case .settled:
      return .success(.settled)
    }
  }
}
