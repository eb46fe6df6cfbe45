// A record of a master file, from its text to its value.

import CLDNS
import DNSWire

/// Where the parts of a record are in its entry: `[owner] [TTL] [class] type RDATA`, TTL and class
/// in either order (RFC 1035 section 5.1).
struct RecordLine {
  private let entry: MasterFileEntry
  /// None: the owner of the record before.
  let owner: Range<Int>?
  /// None: the default.
  let ttl: UInt32?
  private let type: Range<Int>
  private let rdata: Range<Int>

  init(_ entry: MasterFileEntry) throws(ZoneFileError) {
    var position = 0
    let owner = entry.startsBlank ? nil : entry.nextToken(&position)
    var ttl: UInt32?
    var hasClass = false
    var token = entry.nextToken(&position)
    while let candidate = token {
      if ttl == nil, entry.text[candidate.lowerBound].isDigit {
        ttl = try entry.ttl(candidate)
      } else if !hasClass, try Self.isClassIN(candidate, entry) {
        hasClass = true
      } else {
        break
      }
      token = entry.nextToken(&position)
    }
    guard let type = token else { throw entry.error("the record has no type") }
    self.entry = entry
    self.owner = owner
    self.ttl = ttl
    self.type = type
    rdata = min(position, entry.text.count)..<entry.text.count
  }

  /// False for what is no class; `ANY` is the type's business.
  private static func isClassIN(
    _ token: Range<Int>, _ entry: MasterFileEntry
  ) throws(ZoneFileError) -> Bool {
    if entry.matches(token, "IN") || entry.matches(token, "CLASS1") { return true }
    let isOther =
      entry.matches(token, "CH") || entry.matches(token, "CS") || entry.matches(token, "HS")
      || entry.matches(token, "NONE")
      || (token.count > 5 && entry.matches(token.prefix(5), "CLASS"))
    guard !isOther else {
      throw entry.error("the class is \(entry.string(token)); only IN is served")
    }
    return false
  }
}

extension RecordLine {
  /// The type and RDATA that libldns reads from the record.
  func content(origin: borrowing LDNSName) throws(ZoneFileError) -> (RecordType, RDATA) {
    let text = RDATAText(entry, rdata)
    let generic: [UInt8]? = text.isGeneric ? try text.genericOctets() : nil
    let record = try ldnsRecord(origin: origin)
    let type = try dataType(record.type)
    if generic == nil { try text.requireReadable(type) }
    guard let rdata = record.rdata() else {
      throw entry.error("a name in RDATA: \(DomainNameError.nameTooLong)")
    }
    guard rdata.wire.count <= UInt16.max else {
      throw entry.error("RDATA is longer than \(UInt16.max) octets")
    }
    guard generic == nil || (generic == rdata.wire && record.isComplete) else {
      throw entry.error("RDATA is not that of type \(entry.string(self.type))")
    }
    return (RecordType(rawValue: type), rdata)
  }

  /// The owner and the TTL are not libldns's business: it limits owners to 255 octets of text,
  /// and takes a default TTL of 0 for none.
  private func ldnsRecord(origin: borrowing LDNSName) throws(ZoneFileError) -> LDNSRecord {
    guard !rdata.isEmpty || entry.matches(type, "APL") else {
      throw entry.error("the record has no RDATA")
    }
    var line: [UInt8] = []
    line.reserveCapacity(entry.text.count + 16)
    line += ". 0 IN ".utf8
    line += entry.text[type.lowerBound...]
    line.append(0)
    do {
      return try LDNSRecord(line: line, origin: origin)
    } catch {
      throw entry.error(isKnownType ? error.reason : unknownType)
    }
  }

  /// RFC 6895 section 3.1 keeps 0 and 128 to 255 for queries and the like, and OPT is no data.
  private func dataType(_ type: UInt32) throws(ZoneFileError) -> UInt16 {
    guard type != 0, let number = UInt16(exactly: type), hasExactNumber else {
      throw entry.error(unknownType)
    }
    guard !(128...255).contains(number), number != RecordType.opt.rawValue else {
      throw entry.error("the type \(entry.string(self.type)) cannot stand in a zone")
    }
    return number
  }

  private var unknownType: String { "the type \(entry.string(type)) is not known" }

  private var isKnownType: Bool {
    entry.string(type).withCString { ldns_get_rr_type_by_name($0).rawValue } != 0
  }

  /// Whether what follows `TYPE` is a number and nothing else; libldns stops at the first letter.
  private var hasExactNumber: Bool {
    guard type.count > 4, entry.matches(type.prefix(4), "TYPE") else { return true }
    return entry.text[type.dropFirst(4)].allSatisfy(\.isDigit)
  }
}
