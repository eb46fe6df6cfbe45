// An RRset as a look-up finds it, whichever way the zone keeps it.

import DNSWire

/// The RRset of a name and type. It may hold no record any more: see ``current(at:)``.
enum FoundRRset {
  case prepared(RRsetBlock)
  case instances(InstanceRRset)

  /// What of it counts at `now`; nil when leases have ended so that the name has no such records.
  func current(at now: BootTime) -> FoundRRset? {
    guard case .instances(let rrset) = self else { return self }
    guard let best = rrset.ofBestGroup(at: now), best.hasLiveRecord(at: now) else { return nil }
    return .instances(best)
  }

  func takeTurn() -> Int {
    switch self {
    case .prepared(let rrset): rrset.takeTurn()
    case .instances(let rrset): rrset.takeTurn()
    }
  }

  func comingTurn() -> Int {
    switch self {
    case .prepared(let rrset): rrset.comingTurn()
    case .instances(let rrset): rrset.comingTurn()
    }
  }
}
