// Why a name is answered as it is: which instances are in the answer, which are not, and why.

package import DNSWire

/// What a query for a name and type would be answered now, and for what reasons.
package struct Explanation: Sendable {
  /// What decides on the answer.
  package enum Cause: String, Sendable {
    /// The name is one of a service or an instance.
    case registered
    /// Records of a zone file, or that a static zone has none there.
    case zoneFile = "zone-file"
    /// There is nothing at this name.
    case noSuchName = "no-such-name"
    /// The name is there for names below it only, or the service zone's own.
    case noRecords = "no-records"
    case noZone = "no-zone"
    /// The file of the name's zone is refused.
    case brokenZone = "broken-zone"
    /// Something that the caller may not be told of.
    case hidden
  }

  package struct Item: Sendable {
    package let instance: InstanceView
    /// Nil: it is in the answer.
    package let absence: Absence?
    /// Its lease has ended, and the brake keeps it in the answers for a while.
    package let isHeld: Bool
  }

  package let name: DomainName
  package let type: RecordType
  /// The targets of the aliases that are followed, in order.
  package let aliases: [DomainName]
  /// The apex of the zone that has the last of these names; nil where none has.
  package let zone: DomainName?
  package let code: ResponseCode
  package let cause: Cause
  /// The services that have the name, or that come nearest to it.
  package let services: [ServiceName]
  /// How many instances are in the answer.
  package let inCount: Int
  /// Of instances that the name is about, in order of service and id.
  package let items: [Item]
}

extension Explanation.Cause {
  /// Whether it tells of what is not one of the services that the caller may see.
  func isAboutOthers(isShown: Bool) -> Bool {
    switch self {
    case .registered: !isShown
    case .zoneFile: true
    case .noSuchName, .noRecords, .noZone, .brokenZone, .hidden: false
    }
  }
}
