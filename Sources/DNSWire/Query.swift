// What a message from the network asks, and what is wrong with it.

/// A checked query message: where its question lies and what EDNS says.
///
/// The message itself is not kept: offsets refer to it.
package struct Query: Sendable {
  package var flags: HeaderFlags
  /// Octets of the question's name, which starts right after the header and is not compressed.
  package var nameLength: Int
  package var type: RecordType
  package var recordClass: RecordClass
  package var edns: EDNS?

  /// Octets of the question: name, type and class.
  package var questionLength: Int { nameLength + 4 }
}

/// What the OPT record of a query says (RFC 6891 section 6.1).
package struct EDNS: Sendable {
  /// The largest UDP message that the requester takes, as sent: values below 512 mean 512.
  package var udpPayloadSize: UInt16
  package var version: UInt8
  /// DNSSEC OK, which is copied to the reply (RFC 3225 section 3).
  package var dnssecOK: Bool
}

/// What to do with a message that arrived.
package enum MessageCheck: Sendable {
  case query(Query)
  /// Reply with the header alone and this code; an unreadable message gets no OPT record.
  case error(ResponseCode, HeaderFlags)
  /// Reply with nothing: too short to hold a header, or itself a reply.
  case discard
}

extension Query {
  /// Checks `message` in the order in which a server must: is it a query at all, is it of a kind
  /// that we know, is it well formed. EDNS version and class are left to the caller, who replies
  /// to them with the question.
  package static func check(_ message: Span<UInt8>) -> MessageCheck {
    guard message.count >= Header.length else { return .discard }
    let flags = HeaderFlags(rawValue: message.uint16(at: Header.Field.flags))
    guard !flags.isResponse else { return .discard }
    guard flags.opcode == .query else { return .error(.notImplemented, flags) }
    let authorityCount = message.uint16(at: Header.Field.authorityCount)
    let additionalCount = message.uint16(at: Header.Field.additionalCount)
    guard message.uint16(at: Header.Field.questionCount) == 1,
      message.uint16(at: Header.Field.answerCount) == 0, additionalCount <= 1,
      var query = question(message, flags: flags)
    else { return .error(.formatError, flags) }
    var position = Header.length + query.questionLength
    if authorityCount > 0 {
      // An IXFR question carries the client's SOA (RFC 1995 section 3).
      guard authorityCount == 1, query.type == .ixfr, let end = endOfRecord(message, at: position)
      else { return .error(.formatError, flags) }
      position = end
    }
    if additionalCount > 0 {
      guard let edns = optRecord(message, at: position) else {
        return .error(.formatError, flags)
      }
      query.edns = edns
    }
    return .query(query)
  }

  /// The offset after the record at `start`, whose owner may be compressed.
  private static func endOfRecord(_ message: Span<UInt8>, at start: Int) -> Int? {
    var position = start
    while true {
      guard position < message.count else { return nil }
      let length = Int(message[position])
      guard length <= DomainName.labelLengthLimit || length >= 0xC0 else { return nil }
      position += length >= 0xC0 ? 2 : 1 + length
      if length == 0 || length >= 0xC0 { break }
    }
    guard position + 10 <= message.count else { return nil }
    let end = position + 10 + Int(message.uint16(at: position + 8))
    return end <= message.count ? end : nil
  }

  private static func question(_ message: Span<UInt8>, flags: HeaderFlags) -> Query? {
    var position = Header.length
    while true {
      guard position < message.count else { return nil }
      let length = Int(message[position])
      // A compression pointer can't stand here: nothing precedes it that it could point to.
      guard length <= DomainName.labelLengthLimit else { return nil }
      position += 1 + length
      if length == 0 { break }
    }
    let nameLength = position - Header.length
    guard nameLength <= DomainName.lengthLimit, position + 4 <= message.count else { return nil }
    return Query(
      flags: flags, nameLength: nameLength,
      type: RecordType(rawValue: message.uint16(at: position)),
      recordClass: RecordClass(rawValue: message.uint16(at: position + 2)))
  }

  /// Reads the OPT record that is all of the additional section. Its options are checked for
  /// length and ignored; octets after it are ignored too.
  private static func optRecord(_ message: Span<UInt8>, at start: Int) -> EDNS? {
    let fixedLength = 11
    guard start + fixedLength <= message.count, message[start] == 0,
      message.uint16(at: start + 1) == RecordType.opt.rawValue
    else { return nil }
    let end = start + fixedLength + Int(message.uint16(at: start + 9))
    guard end <= message.count else { return nil }
    var option = start + fixedLength
    while option < end {
      guard option + 4 <= end else { return nil }
      option += 4 + Int(message.uint16(at: option + 2))
    }
    guard option == end else { return nil }
    return EDNS(
      udpPayloadSize: message.uint16(at: start + 3), version: message[start + 6],
      dnssecOK: message[start + 7] & 0x80 != 0)
  }
}
