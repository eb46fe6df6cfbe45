// A zone file that was accepted, as queries see it.

import DNSWire
import DNSZone
import LDNS
import TestSupport

/// One RRset of a zone file.
struct RRsetKey: Hashable {
  let owner: DomainName
  let type: RecordType
}

/// Asks a published zone for everything that its file has.
struct ServedZone {
  /// RRsets that are asked for, which bounds the time for an input.
  private static let rrsetLimit = 20
  /// No record has this type.
  private static let unusedType = RecordType(rawValue: 0xFFF0)

  let apex: DomainName
  let rrsets: [RRsetKey: [ResourceRecord]]
  let replies = DomainReplies(domain: ZoneDomain(seed: 0x5EED))
  /// Owners of delegations and DNAMEs: what is below them is not answered.
  private let cuts: Set<DomainName>

  init(_ file: ZoneFile) {
    apex = file.apex
    rrsets = Dictionary(grouping: file.records) { RRsetKey(owner: $0.owner, type: $0.type) }
    let apex = apex
    cuts = Set(
      rrsets.keys.filter { $0.type == .dname || ($0.type == .ns && $0.owner != apex) }
        .map(\.owner))
    let domain = replies.domain
    domain.publish([Zone(apex: apex, records: file.records, in: domain)])
  }

  func check() throws(Violation) {
    try require(rrsets[RRsetKey(owner: apex, type: .soa)]?.count == 1, "not one SOA at \(apex)")
    try require(rrsets[RRsetKey(owner: apex, type: .ns)] != nil, "no NS at \(apex)")
    for (key, records) in rrsets {
      try require(key.owner.isEqualOrBelow(apex), "\(key.owner) is outside")
      try require(Set(records.map(\.rdata)).count == records.count, "a record twice")
    }
    for (key, records) in rrsets.prefix(Self.rrsetLimit) {
      try checkAnswer(for: key, records)
      _ = try replies.ask(key.owner, .any, .udp)
      _ = try replies.ask(key.owner, Self.unusedType, .edns(1232))
      if let below = key.owner.child { _ = try replies.ask(below, key.type, .edns(1232)) }
    }
  }

  /// Every record that has authority is in the answer to the question for it, and no other.
  private func checkAnswer(
    for key: RRsetKey, _ records: [ResourceRecord]
  ) throws(Violation) {
    _ = try replies.ask(key.owner, key.type, .udp)
    _ = try replies.ask(key.owner, key.type, .edns(1232))
    let reply = try replies.ask(key.owner, key.type, .tcp)
    guard !reply.isTruncated else { return }
    let found = reply.answer.records.filter { $0.type == key.type && $0.owner == key.owner }
    if isOccluded(key) {
      // A CNAME of this owner may be the one that a DNAME stands for.
      return try require(
        found.isEmpty || key.type == .cname, "\(key.owner) \(key.type) is answered below a cut")
    }
    // Compression may take a name over in another case.
    let octets = { (record: ResourceRecord) in record.rdata.map(\.asciiLowercased) }
    try require(
      Set(found.map(octets)) == Set(records.map(octets)),
      "\(key.owner) \(key.type) is answered with \(reply.code) and \(reply.answer.lines)")
  }

  private func isOccluded(_ key: RRsetKey) -> Bool {
    var ancestor = key.owner.parent
    while let name = ancestor, name.isEqualOrBelow(apex) {
      if cuts.contains(name) { return true }
      ancestor = name.parent
    }
    let isCut = key.owner != apex && rrsets[RRsetKey(owner: key.owner, type: .ns)] != nil
    return isCut && key.type != .ds
  }
}

extension DomainName {
  /// A name right below this one; none where it would be too long.
  var child: DomainName? {
    try? DomainName(labels: [[UInt8(ascii: "x")]] + labels.map(Array.init))
  }
}
