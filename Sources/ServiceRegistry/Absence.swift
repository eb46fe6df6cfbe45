// Why an instance has no record in an answer.

/// The one reason that is told; the raw value never changes its meaning.
package enum Absence: String, Sendable, CaseIterable {
  /// Its service is being removed.
  case leaving
  /// The name has records of a zone file, or lies in another zone or beyond a cut.
  case zoneFile = "zone-file"
  /// The name of its port belongs to another service.
  case otherService = "other-service"
  case leaseEnded = "lease-ended"
  case draining
  case critical
  /// Its default port is of the other protocol.
  case otherProtocol = "other-protocol"
  case otherTag = "other-tag"
  /// No instance has records of that type at such a name.
  case noSuchType = "no-such-type"
  case noPort = "no-port"
  /// It has no address of the family.
  case noAddress = "no-address"
  /// Instances of a better priority are live.
  case otherPriority = "other-priority"
}

extension Member {
  /// Why callers are not given this instance; nil: they are.
  var absence: Absence? {
    if isExpired { return .leaseEnded }
    if isDraining { return .draining }
    return status.isLive ? nil : .critical
  }

  /// Whether callers are given this instance.
  var isLive: Bool { absence == nil }
}
