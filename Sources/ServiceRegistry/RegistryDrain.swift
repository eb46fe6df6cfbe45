// Draining: an instance leaves every set at once, and goes when nobody can hold a record of it.

import DNSZone
import Dispatch

extension Registry {
  /// Takes the instance out of every set. Its own name stays until the time that the reply says,
  /// unless its lease ends sooner; then it is removed. Like a registration it begins the lease
  /// anew.
  ///
  /// - Parameter precondition: what must hold; nil: nothing.
  package nonisolated func drain(
    _ key: InstanceKey, if precondition: Precondition? = nil
  ) async throws(RegistryError) -> InstanceReply {
    let command = Command.drain(key).on(precondition)
    guard case .stored(let view, let change, _) = try await submit(command) else {
      preconditionFailure("a drain does not remove anything at once")
    }
    return InstanceReply(view: view, isChange: change != .none)
  }

  /// Drains and waits until the instance is in no answer any more, whatever the store does then.
  /// A task that is cancelled meanwhile abandons the wait, not the drain.
  ///
  /// - Parameters:
  ///   - precondition: what must hold; nil: nothing.
  ///   - whenDraining: is called before the wait begins.
  package func drainAndWait(
    _ key: InstanceKey, if precondition: Precondition? = nil,
    whenDraining: @Sendable (InstanceReply) async -> Void = { _ in }
  ) async throws(RegistryError) -> (InstanceView, DrainEnd) {
    guard waitingDrains < RegistryLimits.waitingDrains else {
      throw .tooManyWaiting(limit: RegistryLimits.waitingDrains)
    }
    waitingDrains += 1
    defer { waitingDrains -= 1 }
    let reply = try await drain(key, if: precondition)
    await whenDraining(reply)
    return (reply.view, await endOfDrain(of: key))
  }

  private func endOfDrain(of key: InstanceKey) async -> DrainEnd {
    nextWaiter += 1
    let number = nextWaiter
    return await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        if let member = state.member(key), !member.isExpired {
          if !member.isDraining {
            waiter.resume(returning: .registered)
          } else if Task.isCancelled {
            waiter.resume(returning: .abandoned)
          } else {
            drainWaiters.add(waiter, number: number, for: key)
          }
        } else {
          waiter.resume(returning: .removed)
        }
      }
    } onCancel: {
      executor.queue.async {
        self.assumeIsolated { $0.drainWaiters.abandon(number, for: key) }
      }
    }
  }

  /// Whether anybody waits for the end of a drain that has begun.
  package var hasDrainWaiters: Bool { !drainWaiters.isEmpty }

  /// Instances that drain.
  package var drainingCount: Int { state.drainingCount }

  /// Lets a drain end by boot time, in which leases run.
  ///
  /// - Parameter isRestored: whether it began before this process.
  func runDrain(of member: Member, isRestored: Bool) {
    guard var drain = member.drain, drain.end == .never else { return }
    let (now, record) = (clock.wall(), member.service.record)
    // After a restart what has been told is only bounded by it, so an earlier TTL counts for good.
    let former = isRestored ? record.formerTTL?.seconds ?? 0 : 0
    let ttl = max(record.keptTTL(usualTTL: zone.ttl, at: now), former)
    drain.run(at: clock.boot(), wall: now, ttl: ttl, isRestored: isRestored)
    member.service.setDrain(drain, of: member.id, member)
    if !isRestored { drains += 1 }
  }

  /// To be called when instances have left all answers.
  func endDrains(of members: [Member]) {
    guard !drainWaiters.isEmpty else { return }
    for member in members { drainWaiters.end(member.key, .removed) }
  }
}
