// What a reply from another server says, read from octets that anybody may have sent.

/// A reply message: its header, question and records, and where they lie in its octets.
package struct Reply: Sendable {
  package struct Question: Equatable, Sendable {
    package let name: DomainName
    package let type: RecordType
    package let recordClass: RecordClass
  }

  /// One record of a section. RDATA stays in the message, where its names may be compressed.
  package struct Record: Equatable, Sendable {
    package let owner: DomainName
    package let type: RecordType
    package let recordClass: RecordClass
    /// Seconds; 0 where the most significant bit is set (RFC 2181 section 8).
    package let ttl: UInt32
    /// Where its octets lie, owner and RDATA included.
    package let range: Range<Int>
    /// Where the four octets of its TTL begin.
    package let ttlOffset: Int
    package let rdata: Range<Int>
  }

  package let octets: [UInt8]
  package let id: UInt16
  package let flags: HeaderFlags
  /// Header and OPT record together (RFC 6891 section 6.1.3).
  package private(set) var code: ResponseCode
  /// None in some replies to queries that a server could not read.
  package private(set) var question: Question?
  package private(set) var answer: [Record] = []
  package private(set) var authority: [Record] = []
  /// Without the OPT record.
  package private(set) var additional: [Record] = []
  /// The OPT record, whose class and TTL mean something else (RFC 6891 section 6.1.3).
  package private(set) var opt: Record?

  package var isTruncated: Bool { flags.rawValue & HeaderFlags.truncated != 0 }

  /// Reads a whole message. What follows its last record is ignored.
  ///
  /// A reply with TC=1 may end anywhere after the question (RFC 2181 section 9): what is whole
  /// before its end is here.
  package init(_ octets: [UInt8]) throws(ReplyError) {
    guard octets.count >= Header.length else { throw .tooShort }
    let message = octets.span
    self.octets = octets
    id = message.uint16(at: Header.Field.id)
    flags = HeaderFlags(rawValue: message.uint16(at: Header.Field.flags))
    code = ResponseCode(rawValue: flags.rawValue & 0x000F)
    guard flags.isResponse else { throw .noReply }
    var position = try readQuestion(message)
    do throws(ReplyError) {
      answer = try readRecords(Header.Field.answerCount, message, at: &position)
      authority = try readRecords(Header.Field.authorityCount, message, at: &position)
      additional = try readRecords(Header.Field.additionalCount, message, at: &position)
    } catch {
      guard isTruncated else { throw error }
    }
  }

  /// - Returns: where the records begin.
  private mutating func readQuestion(_ message: Span<UInt8>) throws(ReplyError) -> Int {
    switch message.uint16(at: Header.Field.questionCount) {
    case 0: return Header.length
    case 1: break
    default: throw .severalQuestions
    }
    // A pointer can lead nowhere from here, so the name is not compressed.
    guard let name = DomainName(message, at: Header.length) else { throw .badQuestion }
    let end = Header.length + name.wire.count
    guard end + 4 <= message.count, octets[Header.length..<end].elementsEqual(name.wire) else {
      throw .badQuestion
    }
    question = Question(
      name: name, type: RecordType(rawValue: message.uint16(at: end)),
      recordClass: RecordClass(rawValue: message.uint16(at: end + 2)))
    return end + 4
  }

  private mutating func readRecords(
    _ countOffset: Int, _ message: Span<UInt8>, at position: inout Int
  ) throws(ReplyError) -> [Record] {
    var records: [Record] = []
    for _ in 0..<message.uint16(at: countOffset) {
      guard let place = RecordPlace(message, at: position),
        let owner = DomainName(message, at: position)
      else { throw .badRecord(at: position) }
      let record = Record(place, owner: owner, message)
      position = place.end
      guard record.type == .opt else {
        records.append(record)
        continue
      }
      guard countOffset == Header.Field.additionalCount, opt == nil, place.hasRootOwner else {
        throw .misplacedOpt
      }
      opt = record
      code = ResponseCode(rawValue: code.rawValue | UInt16(message[record.ttlOffset]) << 4)
    }
    return records
  }

  /// Whether it is the reply to `query`, a message with one question: the same id, opcode and
  /// question, letters in any case (RFC 5452 section 9.1, RFC 4343 section 3).
  package func answers(_ query: [UInt8]) -> Bool {
    guard let question, query.count >= Header.length else { return false }
    let asked = query.span
    let end = Header.length + question.name.wire.count
    guard id == asked.uint16(at: Header.Field.id), query.count >= end + 4,
      flags.opcode == HeaderFlags(rawValue: asked.uint16(at: Header.Field.flags)).opcode
    else { return false }
    let isSameName = question.name.wire.elementsEqual(query[Header.length..<end]) {
      $0.asciiLowercased == $1.asciiLowercased
    }
    return isSameName && question.type.rawValue == asked.uint16(at: end)
      && question.recordClass.rawValue == asked.uint16(at: end + 2)
  }
}

extension Reply.Record {
  fileprivate init(_ place: RecordPlace, owner: DomainName, _ message: Span<UInt8>) {
    self.owner = owner
    type = place.type(message)
    recordClass = place.recordClass(message)
    ttlOffset = place.ownerEnd + 4
    let number =
      UInt32(message.uint16(at: ttlOffset)) << 16 | UInt32(message.uint16(at: ttlOffset + 2))
    ttl = number >> 31 == 0 ? number : 0
    range = place.start..<place.end
    rdata = place.rdataStart..<place.end
  }
}

/// Why octets are no reply that can be read.
package enum ReplyError: Error, Equatable {
  case tooShort
  case noReply
  case severalQuestions
  case badQuestion
  case badRecord(at: Int)
  case misplacedOpt
}

extension ReplyError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tooShort: "the message is shorter than a header"
    case .noReply: "the message is a query"
    case .severalQuestions: "the message has several questions"
    case .badQuestion: "the question can't be read"
    case .badRecord(let offset): "the record at octet \(offset) can't be read"
    case .misplacedOpt: "an OPT record stands where none may"
    }
  }
}
