// What a reply came to, before its header and OPT record are written.

import DNSWire

struct ReplyOutcome {
  /// Octets that header, question and sections may have: the OPT record comes on top.
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
  /// The name asked for, or the one that its aliases lead to, is in none of our zones.
  var isForeign = false

  init(limit: Int, end: Int) {
    self.limit = limit
    self.end = end
  }

  /// Nothing of ours answers this, for `reason`.
  mutating func fail(_ code: ResponseCode, _ reason: ExtendedErrorCode) {
    self.code = code
    extendedError = reason
  }

  mutating func take(_ sections: AnswerSections) {
    end = sections.end
    answers = sections.answers
    additionals = sections.additionals
    isTruncated = sections.isTruncated
    // RFC 8914 section 4.4
    if sections.isStale { extendedError = .staleAnswer }
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
    isForeign = answer.isForeign
  }
}
