// What a zone has for a name and type: RFC 1034 section 4.3.2 step 3, without writing anything.

import DNSWire

/// What was found. The names of the cases are RFC 9499's.
enum LookupResult {
  case data(FoundRRset)
  /// The name has a CNAME and the question is not for it.
  case alias(RRsetBlock)
  /// The name is below the owner of a DNAME, which has that many labels.
  case redirection(RRsetBlock, ownerLabels: Int)
  /// Authority ends at the name's last `cutLabels` labels.
  case referral(RRsetBlock, cutLabels: Int)
  case noData
  case nameError
}

extension ZoneBlock {
  /// Looks `name` up, which must be at or below the apex.
  ///
  /// A name whose leases have all ended has no data until the writer has taken it away.
  ///
  /// - Parameter wildcard: memory for the wildcard's name.
  func lookUp(
    _ name: NameScratch, _ type: RecordType, at now: BootTime, seed: UInt64, wildcard: NameScratch
  ) -> LookupResult {
    if let node = node(name.view, seed: seed), !node.flags.contains(.occluded) {
      return answer(at: node, type, now, labels: name.labelCount)
    }
    return lookUpFromApex(name, type, now, seed: seed, wildcard: wildcard)
  }

  private func answer(
    at node: NodeBlock, _ type: RecordType, _ now: BootTime, labels: Int
  ) -> LookupResult {
    // DS belongs to the parent's side of a cut (RFC 4035 section 3.1.4.1).
    if node.flags.contains(.delegation), type != .ds, let ns = node.prepared(.ns) {
      return .referral(ns, cutLabels: labels)
    }
    return data(at: node, type, now)
  }

  private func data(at node: NodeBlock, _ type: RecordType, _ now: BootTime) -> LookupResult {
    // One RRset is enough of an answer to ANY (RFC 8482 section 4.1).
    if let rrset = type == .any ? node.anyRRset(at: now) : node.rrset(type) {
      return rrset.current(at: now).map(LookupResult.data) ?? .noData
    }
    if type != .any, let alias = node.prepared(.cname) { return .alias(alias) }
    return .noData
  }

  /// Goes down from the apex label by label to the closest encloser, stopping at what ends the
  /// zone's authority on the way.
  private func lookUpFromApex(
    _ name: NameScratch, _ type: RecordType, _ now: BootTime, seed: UInt64, wildcard: NameScratch
  ) -> LookupResult {
    var labels = apexLabels
    while labels <= name.labelCount, let node = node(name.suffix(labels: labels), seed: seed) {
      if node.flags.contains(.delegation), let ns = node.prepared(.ns) {
        return .referral(ns, cutLabels: labels)
      }
      if node.flags.contains(.dname), labels < name.labelCount, let dname = node.prepared(.dname) {
        return .redirection(dname, ownerLabels: labels)
      }
      // Published since it was looked for by its own name.
      if labels == name.labelCount { return data(at: node, type, now) }
      labels += 1
    }
    let closestEncloser = name.suffix(labels: labels - 1)
    guard closestEncloser.length + 2 <= DomainName.lengthLimit else { return .nameError }
    wildcard.setWildcard(below: closestEncloser)
    guard let source = node(wildcard.view, seed: seed) else { return .nameError }
    return data(at: source, type, now)
  }
}
