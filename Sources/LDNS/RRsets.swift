// Records of one owner and type, taken together.

import DNSWire

/// Which records form an RRset, and its TTL.
struct RRsets {
  private struct Key: Hashable {
    let owner: DomainName
    let type: RecordType
  }

  private struct RRset {
    var count = 0
    let firstTTL: UInt32
    var lowestTTL: UInt32
    /// Index of the first record whose TTL is not the first one's.
    var deviant: Int?
    /// Octets in an answer, names in RDATA not compressed.
    var length = 0
  }

  private struct Member: Hashable {
    let rrset: Int
    let comparable: [UInt8]
  }

  private var rrsets: [RRset] = []
  /// For each record the index of its RRset.
  private var membership: [Int] = []
  private(set) var warnings: [(PlacedRecord, String)] = []

  init(_ records: [PlacedRecord]) {
    var indices: [Key: Int] = [:]
    indices.reserveCapacity(records.count)
    membership.reserveCapacity(records.count)
    for (index, record) in records.enumerated() {
      let (owner, type, ttl) = (record.record.owner, record.record.type, record.record.ttl)
      let rrset = indices[Key(owner: owner, type: type), default: rrsets.count]
      if rrset == rrsets.count {
        indices[Key(owner: owner, type: type)] = rrset
        rrsets.append(RRset(firstTTL: ttl, lowestTTL: ttl))
      }
      membership.append(rrset)
      rrsets[rrset].count += 1
      rrsets[rrset].lowestTTL = min(rrsets[rrset].lowestTTL, ttl)
      if ttl != rrsets[rrset].firstTTL, rrsets[rrset].deviant == nil {
        rrsets[rrset].deviant = index
      }
    }
  }
}

extension RRsets {
  /// Each record once (RFC 2181 section 5), with the TTL of its RRset (section 5.2).
  ///
  /// A signature's TTL is that of the RRset it covers, so signatures at one owner may differ
  /// (RFC 4034 section 3).
  mutating func distinct(_ records: [PlacedRecord]) -> [PlacedRecord] {
    var seen: Set<Member> = []
    var distinct: [PlacedRecord] = []
    distinct.reserveCapacity(records.count)
    for (index, record) in records.enumerated() {
      let rrset = rrsets[membership[index]]
      var record = record
      if record.record.type != .rrsig {
        if rrset.deviant == index { warn(record, rrset.lowestTTL) }
        record.record.ttl = rrset.lowestTTL
      }
      let isNew =
        rrset.count == 1
        || seen.insert(Member(rrset: membership[index], comparable: record.comparable)).inserted
      if isNew {
        distinct.append(record)
        add(record, to: membership[index])
      }
    }
    return distinct
  }

  /// Octets that a message has for the records of an answer, besides header, the longest question
  /// and an OPT record.
  private static let answerLimit = Int(UInt16.max) - 12 - (DomainName.lengthLimit + 4) - 11
  /// Octets of a record whose owner is a pointer, besides RDATA (RFC 1035 section 4.1.3).
  private static let recordHeaderLength = 12

  /// Counts a record in, and warns when the RRset becomes too large for any message.
  private mutating func add(_ record: PlacedRecord, to index: Int) {
    let before = rrsets[index].length
    rrsets[index].length += Self.recordHeaderLength + record.record.rdata.count
    guard before <= Self.answerLimit, rrsets[index].length > Self.answerLimit else { return }
    let (owner, type) = (record.record.owner, record.record.type)
    warnings.append(
      (
        record,
        "the records of \(owner) \(type) may not fit into one DNS message from here on;"
          + " an answer that does not is truncated over TCP too"
      ))
  }

  private mutating func warn(_ record: PlacedRecord, _ ttl: UInt32) {
    let (owner, type) = (record.record.owner, record.record.type)
    warnings.append(
      (record, "the TTLs of \(owner) \(type) differ; the lowest is used, \(ttl) seconds"))
  }
}
