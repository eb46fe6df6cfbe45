// An RRset as a look-up finds it, whichever way the zone keeps it.

import DNSWire

/// The RRset of a name and type. It may hold no record any more: see ``isEmpty(at:)``.
enum FoundRRset {
  case prepared(RRsetBlock)
  case instances(InstanceRRset)

  /// Whether the leases of all instances have ended: then the name has no such records.
  func isEmpty(at now: BootTime) -> Bool {
    switch self {
    case .prepared: false
    case .instances(let rrset): !rrset.hasLiveRecord(at: now)
    }
  }

  var type: RecordType {
    switch self {
    case .prepared(let rrset): rrset.type
    case .instances(let rrset): rrset.type
    }
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
