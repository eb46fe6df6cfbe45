// What a message from the network asks, and what is wrong with it.

/// A query message: where its question lies and what EDNS says.
///
/// The message itself is not kept: offsets refer to it.
@usableFromInline package struct Query: Sendable {
  @usableFromInline package var flags: HeaderFlags
  /// Octets of the question's name, which starts right after the header and is not compressed; 0
  /// where there is no question.
  @usableFromInline package var nameLength = 0
  @usableFromInline package var type = RecordType(rawValue: 0)
  @usableFromInline package var recordClass = RecordClass(rawValue: 0)
  @usableFromInline package var edns: EDNS?
  /// Where the message's TSIG record begins, which is its last one.
  @usableFromInline package var tsigOffset: Int?

  /// Octets of the question: name, type and class; 0 where there is none.
  @inlinable package var questionLength: Int { nameLength == 0 ? 0 : nameLength + 4 }
}

/// What to do with a message that arrived.
package enum MessageCheck: Sendable {
  case query(Query)
  /// Reply with this code and with what could be read of question and EDNS.
  case error(ResponseCode, Query)
  /// Reply with nothing: too short to hold a header, or itself a reply.
  case discard
}

extension Query {
  /// Checks `message` in the order in which a server must: is it a query at all, is it of a kind
  /// that we know, is it well formed. EDNS version and class are left to the caller.
  package static func check(_ message: Span<UInt8>) -> MessageCheck {
    guard message.count >= Header.length else { return .discard }
    let flags = HeaderFlags(rawValue: message.uint16(at: Header.Field.flags))
    guard !flags.isResponse else { return .discard }
    var query = Query(flags: flags)
    let isReadable = query.read(message)
    guard flags.opcode == .query else { return .error(.notImplemented, query) }
    guard isReadable, query.hasRightCounts(message) else { return .error(.formatError, query) }
    return .query(query)
  }

  /// Whether the sections hold what those of a query may: one question, or none where only a
  /// cookie is wanted (RFC 7873 section 5.4), no answer, and no authority but the client's SOA in
  /// an IXFR query (RFC 1995 section 3).
  private func hasRightCounts(_ message: Span<UInt8>) -> Bool {
    let authorityCount = message.uint16(at: Header.Field.authorityCount)
    return message.uint16(at: Header.Field.answerCount) == 0
      && (authorityCount == 0 || (authorityCount == 1 && type == .ixfr))
      && (questionLength > 0 || edns?.cookie != nil)
  }

  /// Reads question and EDNS.
  /// - Returns: whether all could be read; if not, what could be is here.
  private mutating func read(_ message: Span<UInt8>) -> Bool {
    switch message.uint16(at: Header.Field.questionCount) {
    case 0: break
    case 1: guard readQuestion(message) else { return false }
    default: return false
    }
    var position = Header.length + questionLength
    for field in [Header.Field.answerCount, Header.Field.authorityCount] {
      for _ in 0..<message.uint16(at: field) {
        guard let record = RecordPlace(message, at: position), record.type(message) != .opt else {
          return false
        }
        position = record.end
      }
    }
    return readAdditional(message, at: position)
  }

  private mutating func readQuestion(_ message: Span<UInt8>) -> Bool {
    var position = Header.length
    while true {
      guard position < message.count else { return false }
      let length = Int(message[position])
      // A compression pointer can't stand here: nothing precedes it that it could point to.
      guard length <= DomainName.labelLengthLimit else { return false }
      position += 1 + length
      if length == 0 { break }
    }
    let nameLength = position - Header.length
    guard nameLength <= DomainName.lengthLimit, position + 4 <= message.count else { return false }
    self.nameLength = nameLength
    type = RecordType(rawValue: message.uint16(at: position))
    recordClass = RecordClass(rawValue: message.uint16(at: position + 2))
    return true
  }

  /// Looks through the additional section for the OPT record, which may stand anywhere in it but
  /// only once (RFC 6891 section 6.1.1), and for a TSIG record, which must be the last one
  /// (RFC 8945 section 5.1). Octets after the section are ignored.
  private mutating func readAdditional(_ message: Span<UInt8>, at start: Int) -> Bool {
    var position = start
    for _ in 0..<message.uint16(at: Header.Field.additionalCount) {
      guard tsigOffset == nil, let record = RecordPlace(message, at: position) else {
        return false
      }
      switch record.type(message) {
      case .opt:
        guard readOpt(message, record) else { return false }
      case .tsig:
        guard record.recordClass(message) == .any, TSIG(message, at: position) != nil else {
          return false
        }
        tsigOffset = position
      default:
        break
      }
      position = record.end
    }
    return true
  }

  /// Of two OPT records neither counts.
  private mutating func readOpt(_ message: Span<UInt8>, _ record: RecordPlace) -> Bool {
    guard edns == nil, record.hasRootOwner, let found = EDNS(message, at: record.start) else {
      edns = nil
      return false
    }
    edns = found
    return !found.hasMalformedCookie
  }
}
