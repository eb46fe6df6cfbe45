// A zone's static records, at first and when its file has changed.

package import DNSWire

extension Zone {
  /// Puts `records`, as checked as those of ``init(apex:records:in:negativeTTLLimit:)``, in the
  /// place of the static ones. RRsets that stay the same keep their turn.
  ///
  /// Readers see nothing of it, nor of any later change, until the zone is published again: all of
  /// it then at once. Names of other RRsets must be none that `records` leave no room at.
  ///
  /// - Returns: whether the zone has changes that readers do not see, of this call or an earlier
  ///   one. If not, it need not be published.
  package func replaceStatic(with records: [ResourceRecord]) -> Bool {
    let isFirst = beginReplacement()
    let old = staticNames
    staticNames = StaticNames(apex: apex, records: records)
    let rrsets = Self.rrsets(of: records)
    let changed = withdrawStatic(of: old, except: rrsets) + publishStatic(rrsets)
    guard changed == 0 else {
      markCuts(old)
      return true
    }
    if isFirst { abandonReplacement() }
    return !isFirst
  }

  /// Publishes the first static records of a zone that no reader can see yet.
  func addStatic(_ records: [ResourceRecord]) {
    let none = staticNames
    staticNames = StaticNames(apex: apex, records: records)
    _ = publishStatic(Self.rrsets(of: records))
    markCuts(none)
  }

  private struct RRsetKey: Hashable {
    let owner: DomainName
    let type: RecordType
  }

  private static func rrsets(of records: [ResourceRecord]) -> [RRset] {
    var rrsets: [RRset] = []
    var places: [RRsetKey: Int] = [:]
    for record in records {
      let key = RRsetKey(owner: record.owner, type: record.type)
      if let place = places[key] {
        rrsets[place].ttl = min(rrsets[place].ttl, record.ttl)
        rrsets[place].rdata.append(record.rdata)
      } else {
        places[key] = rrsets.count
        rrsets.append(
          RRset(owner: record.owner, type: record.type, ttl: record.ttl, rdata: [record.rdata]))
      }
    }
    return rrsets
  }

  /// - Returns: how many RRsets went.
  private func withdrawStatic(of old: StaticNames, except rrsets: [RRset]) -> Int {
    let wanted = Set(rrsets.map { RRsetKey(owner: $0.owner, type: $0.type) })
    var count = 0
    for owner in old.owners {
      for type in types(at: owner) where !wanted.contains(RRsetKey(owner: owner, type: type)) {
        withdraw(owner, type)
        count += 1
      }
    }
    return count
  }

  /// - Returns: how many RRsets are other than before.
  private func publishStatic(_ rrsets: [RRset]) -> Int {
    rrsets.count { publish($0) }
  }

  /// Notes at each node what queries must know about cuts, so that they need not search. Below a
  /// cut, and on the way there, all nodes are those of static records.
  private func markCuts(_ old: StaticNames) {
    guard !staticNames.cuts.isEmpty || !old.cuts.isEmpty else { return }
    /// Whether what is below a name is occluded.
    var occludes: [DomainName: Bool] = [:]
    for owner in staticNames.owners {
      var path: [DomainName] = []
      var ancestor: DomainName? = owner
      while let name = ancestor, name.wire.count >= apex.wire.count, occludes[name] == nil {
        path.append(name)
        ancestor = name.parent
      }
      var isOccluded = ancestor.flatMap { occludes[$0] } ?? false
      for name in path.reversed() {
        setCutFlags(of: name, isOccluded: isOccluded)
        isOccluded = isOccluded || staticNames.cuts.contains(name)
        occludes[name] = isOccluded
      }
    }
  }
}
