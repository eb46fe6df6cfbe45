// Where a query comes to rest, for whoever wants to know why: nothing is written, no turn taken.

package import DNSWire

/// What the zones have for one name and type.
package struct Finding {
  package enum Kind: Equatable {
    /// Records of a zone file.
    case records
    /// Records of registered instances; see ``Finding/holds(_:)``.
    case instances
    case alias(DomainName)
    /// A DNAME stands above, and what it makes of the name is longer than a name can be.
    case aliasTooLong
    /// Authority ends at this name.
    case referral(DomainName)
    case noData
    case nameError
    /// The zone's file is refused.
    case brokenZone
    case noZone
  }

  package let name: DomainName
  /// The apex of the zone that has the name; nil where none has.
  package let zone: DomainName?
  package let kind: Kind
  /// The blocks of the instances whose records are answered.
  private var instances: Set<UInt> = []

  fileprivate init(_ name: DomainName, in zone: DomainName?, _ kind: Kind) {
    self.name = name
    self.zone = zone
    self.kind = kind
  }

  /// - Parameter rrset: what of it counts now.
  fileprivate init(
    _ name: DomainName, in zone: DomainName, _ rrset: InstanceRRset, at now: BootTime
  ) {
    self.init(name, in: zone, .instances)
    for index in 0..<rrset.count {
      let instance = rrset.entry(index).instance
      if instance.leaseEnd > now { instances.insert(instance.address) }
    }
  }

  package var instanceCount: Int { instances.count }

  /// Whether a record of that instance is answered.
  package func holds(_ instance: InstanceBlock) -> Bool { instances.contains(instance.address) }

  /// Of the answer that ends here (RFC 6604 section 3).
  package var code: ResponseCode {
    switch kind {
    case .records, .instances, .alias, .referral, .noData: .noError
    case .aliasTooLong: .yxDomain
    case .nameError: .nameError
    case .brokenZone: .serverFailure
    case .noZone: .refused
    }
  }
}

extension ZoneDomain {
  /// What is found for `name`, and then for what each alias leads to, as far as an answer follows
  /// them. Only whoever publishes may call it: what readers see is freed by nobody else.
  package func findings(
    for name: DomainName, _ type: RecordType, at now: BootTime
  ) -> [Finding] {
    var findings = [find(name, type, at: now)]
    while case .alias(let target) = findings[findings.count - 1].kind,
      findings.count <= GeneralAnswer.aliasLimit, !findings.contains(where: { $0.name == target })
    {
      let next = find(target, type, at: now)
      guard next.kind != .noZone else { break }
      findings.append(next)
    }
    return findings
  }

  private func find(_ name: DomainName, _ type: RecordType, at now: BootTime) -> Finding {
    let scratch = NameScratch.allocate()
    let wildcard = NameScratch.allocate()
    defer {
      scratch.deallocate()
      wildcard.deallocate()
    }
    scratch.set(name)
    guard let zone = published.findZone(scratch) else { return Finding(name, in: nil, .noZone) }
    func suffix(_ labels: Int) -> DomainName {
      DomainName(uncheckedWire: Array(scratch.suffix(labels: labels).bytes))
    }
    let apex = suffix(zone.apexLabels)
    guard !zone.isBroken else { return Finding(name, in: apex, .brokenZone) }
    switch zone.lookUp(scratch, type, at: now, seed: seed, wildcard: wildcard) {
    case .data(.prepared): return Finding(name, in: apex, .records)
    case .data(.instances(let rrset)): return Finding(name, in: apex, rrset, at: now)
    case .alias(let alias):
      let target = DomainName(uncheckedWire: Array(alias.rdata(0)))
      return Finding(name, in: apex, .alias(target))
    case .redirection(let dname, let ownerLabels):
      let kept = scratch.view.bytes.dropLast(scratch.suffix(labels: ownerLabels).length)
      let target = Array(kept) + Array(dname.rdata(0))
      guard target.count <= DomainName.lengthLimit else {
        return Finding(name, in: apex, .aliasTooLong)
      }
      return Finding(name, in: apex, .alias(DomainName(uncheckedWire: target)))
    case .referral(_, let cutLabels):
      return Finding(name, in: apex, .referral(suffix(cutLabels)))
    case .noData: return Finding(name, in: apex, .noData)
    case .nameError: return Finding(name, in: apex, .nameError)
    }
  }
}
