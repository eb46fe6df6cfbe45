// Holding instances whose leases end in a mass: they are answered for a while all the same.

import DNSZone
import Logging

/// What the brake has said about the coming end of a member's lease.
enum ExpiryVerdict: UInt8 {
  case none
  case allowed
  /// Its end is a later one now, at which it is not held again.
  case held
}

extension Registry {
  /// Has the lease looked at in time: at its end, and where there is a brake some time before.
  func scheduleLook(at member: Member) {
    let end = member.leaseEnd
    let isBraked = brake != nil && member.verdict == .none && !member.isDraining && end != .never
    leaseEnds.schedule(member, at: isBraked ? end - ExpiryBrake.lead : end)
  }

  /// Decides, shortly before a lease's end, whether it is to end. The end of a drain always is.
  func judge(_ member: Member, at now: BootTime) {
    guard brake != nil, member.verdict == .none, !member.isDraining,
      member.leaseEnd <= now + ExpiryBrake.lead
    else { return }
    let service = member.service
    if brake?.mayExpire(service.name, of: service.members.count, at: now) ?? true {
      member.verdict = .allowed
    } else {
      hold(member)
    }
  }

  private func hold(_ member: Member) {
    member.verdict = .held
    member.block.isHeld = true
    member.block.leaseEnd += brake?.hold ?? 0
    heldCount += 1
    holds += 1
    if heldCount == 1 { zone.zone.setHasHeldInstances(true) }
    if unsaidHold == nil { unsaidHold = member.service.name }
    untoldHolds.insert(member.service.name)
  }

  /// To be called when a lease has begun anew, or the member is gone; it must be called before the
  /// block's lease end is set.
  func forgetVerdict(on member: Member) {
    switch member.verdict {
    case .none: return
    case .allowed: brake?.noteRenewal(of: member.service.name)
    case .held: release(member)
    }
    member.verdict = .none
  }

  /// A lease has ended.
  func noteExpiry(of member: Member, at now: BootTime) {
    switch member.verdict {
    case .none: return
    case .allowed: brake?.noteExpiry(of: member.service.name, at: now)
    case .held: release(member)
    }
    member.verdict = .none
  }

  private func release(_ member: Member) {
    member.block.isHeld = false
    heldCount -= 1
    if heldCount == 0 { zone.zone.setHasHeldInstances(false) }
  }

  /// Says that instances are held: a line a second at most, however many services they are of.
  func sayHolds() {
    guard let service = unsaidHold, clock.boot() >= nextHoldLine else { return }
    logger.warning(
      "too many leases end at once: the rest of the instances are held",
      metadata: ["service": "\(service)", "held_in_all": "\(heldCount)"])
    unsaidHold = nil
    nextHoldLine = clock.boot() + 1_000_000_000
  }
}
