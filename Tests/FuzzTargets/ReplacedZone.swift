// A zone whose file has changed: it answers as if it had never been another.

import DNSWire
import DNSZone
import LDNS
import TestSupport

/// Loads an earlier state of a zone file, then the file, and compares the replies with those of a
/// zone that never had another state.
struct ReplacedZone {
  /// RRsets that are asked for, which bounds the time for an input.
  private static let rrsetLimit = 6

  private let file: ZoneFile
  private let served: ServedZone
  private let replies = DomainReplies(domain: ZoneDomain(seed: 0x5EED))
  private let zone: Zone

  /// - Parameter served: the zone of `file`, published.
  init(_ file: ZoneFile, _ served: ServedZone) {
    self.file = file
    self.served = served
    let domain = replies.domain
    zone = Zone(apex: file.apex, records: Self.earlier(file, served), in: domain)
    domain.publish([zone])
  }

  /// There and back and there again; nothing shows before it is published.
  func check() throws(Violation) {
    let before = try answers(from: replies)
    var isDifferent = zone.replaceStatic(with: file.records)
    try require(try answers(from: replies) == before, "seen before it is published")
    if isDifferent { replies.domain.publish([zone]) }
    for records in [Self.earlier(file, served), file.records] {
      isDifferent = zone.replaceStatic(with: records)
      if isDifferent { replies.domain.publish([zone]) }
      replies.domain.collect()
    }
    try require(!zone.replaceStatic(with: file.records), "different from itself")
    let found = try answers(from: replies)
    for (name, answer) in try answers(from: served.replies) {
      try require(
        found[name] == answer, "\(name) after a reload: \(found[name].debugDescription) \(answer)")
    }
  }

  /// What a reply says, in whatever turn and case. The turn decides too which addresses fit.
  private struct Answer: Equatable {
    let flags: UInt16
    let sections: [Set<ResourceRecord>]

    init(_ reply: Message) {
      flags = reply.flags
      // What an answer holds that is cut, the turn decides.
      sections =
        reply.isTruncated
        ? []
        : [reply.answer, reply.authority].map {
          Set(
            $0.records.map { record in
              var folded = record
              folded.rdata = record.rdata.map(\.asciiLowercased)
              return folded
            })
        }
    }
  }

  /// The replies to questions for RRsets and for names below them.
  private func answers(from replies: DomainReplies) throws(Violation) -> [String: Answer] {
    var answers: [String: Answer] = [:]
    for key in served.rrsets.keys.prefix(Self.rrsetLimit) {
      for name in [key.owner, key.owner.child] {
        guard let name else { continue }
        answers["\(name) \(key.type)"] = Answer(try replies.ask(name, key.type, .edns(1232)))
      }
    }
    return answers
  }

  /// A file that differs from this one in every way: every second RRset is there, with a record
  /// less if it has two; in the place of the others stands a delegation, a DNAME, a name below or
  /// nothing.
  private static func earlier(_ file: ZoneFile, _ served: ServedZone) -> [ResourceRecord] {
    var records: [ResourceRecord] = []
    var seen: Set<RRsetKey> = []
    let apex = file.apex
    for record in file.records {
      let key = RRsetKey(owner: record.owner, type: record.type)
      guard seen.insert(key).inserted, let members = served.rrsets[key] else { continue }
      if key.owner == apex || seen.count.isMultiple(of: 2) {
        records += members.count > 1 ? members.dropLast() : members
      }
    }
    let owners = Set(records.map(\.owner))
    for (index, owner) in Set(seen.map(\.owner)).subtracting(owners).enumerated() {
      let type: RecordType? = [.ns, .dname, .txt, nil][index % 4]
      guard let type, let name = type == .txt ? owner.child : owner, !owners.contains(name) else {
        continue
      }
      let rdata = type == .txt ? [1, 0x78] : apex.wire
      records.append(ResourceRecord(owner: name, type: type, ttl: 60, rdata: rdata))
    }
    return records
  }
}
