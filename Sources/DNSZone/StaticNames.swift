// Which names a zone's static records leave no room at.

package import DNSWire

/// The owners of static records, and the cuts below which nothing else can stand.
package struct StaticNames: Sendable {
  let apex: DomainName
  package private(set) var owners: Set<DomainName> = []
  /// Owners of delegations and DNAMEs.
  package private(set) var cuts: Set<DomainName> = []

  package init(apex: DomainName, records: [ResourceRecord]) {
    self.apex = apex
    for record in records {
      owners.insert(record.owner)
      if record.type == .dname || (record.type == .ns && record.owner != apex) {
        cuts.insert(record.owner)
      }
    }
  }

  /// The owner of static records that leave no room for `name`: the name itself, or a delegation
  /// or DNAME above it.
  package func owner(claiming name: DomainName) -> DomainName? {
    owners.contains(name) ? name : cut(above: name)
  }

  private func cut(above owner: DomainName) -> DomainName? {
    guard !cuts.isEmpty, owner.isEqualOrBelow(apex) else { return nil }
    var ancestor = owner.parent
    while let name = ancestor, name.wire.count >= apex.wire.count {
      if cuts.contains(name) { return name }
      ancestor = name.parent
    }
    return nil
  }
}
