// What a reply came to, before its header and OPT record are written.

import DNSWire

struct ReplyOutcome {
  /// Octets that the whole reply may have.
  let limit: Int
  /// Octets written so far.
  var end: Int
  var code = ResponseCode.noError
  var isAuthoritative = false
  var isTruncated = false
  var extendedError: ExtendedErrorCode?
  var answers = 0
  var authorities = 0
  var additionals = 0

  init(limit: Int, end: Int) {
    self.limit = limit
    self.end = end
  }

  mutating func take(_ sections: AnswerSections) {
    end = sections.end
    answers = sections.answers
    additionals = sections.additionals
    isTruncated = sections.isTruncated
    isAuthoritative = true
  }

  mutating func take(_ answer: borrowing GeneralAnswer) {
    end = answer.writer.length
    code = answer.responseCode
    isAuthoritative = answer.isAuthoritative
    isTruncated = answer.isTruncated
    extendedError = answer.extendedError
    answers = answer.answers
    authorities = answer.authorities
    additionals = answer.additionals
  }
}

/// The OPT record of a reply (RFC 6891 section 6.1.2).
struct OptRecord {
  /// Octets without options.
  static let length = 11

  let udpPayloadSize: UInt16
  let code: ResponseCode
  let dnssecOK: Bool
  let extendedError: ExtendedErrorCode?

  /// Writes the record, with the extended error if there is room for it.
  /// - Returns: octets written.
  func write(to memory: UnsafeMutableRawPointer, room: Int) -> Int {
    memory.storeBigEndian(UInt8(0), at: 0)
    memory.storeBigEndian(RecordType.opt.rawValue, at: 1)
    memory.storeBigEndian(udpPayloadSize, at: 3)
    memory.storeBigEndian(UInt8(truncatingIfNeeded: code.rawValue >> 4), at: 5)
    memory.storeBigEndian(UInt8(0), at: 6)
    memory.storeBigEndian(UInt16(dnssecOK ? 0x8000 : 0), at: 7)
    let optionLength = 6
    guard let extendedError, room >= Self.length + optionLength else {
      memory.storeBigEndian(UInt16(0), at: 9)
      return Self.length
    }
    memory.storeBigEndian(UInt16(optionLength), at: 9)
    memory.storeBigEndian(OptionCode.extendedError.rawValue, at: 11)
    memory.storeBigEndian(UInt16(2), at: 13)
    memory.storeBigEndian(extendedError.rawValue, at: 15)
    return Self.length + optionLength
  }
}
