// What another server may send us: octets read as its reply, and passed on to a client.

import DNSWire
import DNSZone
import TestSupport

/// Takes each input as the message that came for our question.
enum ForeignTarget {
  static func check(_ input: [UInt8]) throws(Violation) {
    guard let reply = try? Reply(input) else { return }
    try checkPlaces(reply)
    try checkPassedOn(reply)
  }

  private static func checkPlaces(_ reply: Reply) throws(Violation) {
    var end = Header.length
    for record in reply.answer + reply.authority + reply.additional {
      try require(
        record.range.lowerBound >= Header.length && record.range.upperBound <= reply.octets.count
          && record.rdata.upperBound == record.range.upperBound,
        "the record at \(record.range) lies outside the message")
      // The OPT record may stand between additional ones.
      try require(record.range.lowerBound >= end, "the record at \(record.range) overlaps another")
      end = record.range.upperBound
      try require(record.ttl < 1 << 31, "a TTL of \(record.ttl)")
      if let location = reply.serviceLocation(record) {
        try require(record.type == .srv && location.target.wire.count <= 255, "no SRV record")
      }
      if let address = reply.address(record) {
        try require(address.recordType == record.type, "an address of the other family")
      }
    }
    if let negativeTTL = reply.negativeTTL {
      try require(negativeTTL <= UInt32(Int32.max), "a negative TTL of \(negativeTTL)")
    }
  }

  /// All that is passed on over TCP is what came, and over UDP it is as long as it may be.
  private static func checkPassedOn(_ reply: Reply) throws(Violation) {
    guard let question = reply.question else { return }
    let query = QueryMessage(question.name, question.type).octets
    try require(
      reply.answers(query)
        == (reply.id == 0x1234 && reply.flags.opcode == .query
          && question.recordClass == .in),
      "the reply is taken for another's")
    var begun = query
    begun[2] |= 0x80
    var foreign = ForeignAnswer()
    foreign.answer = reply.answer.compactMap(reply.resourceRecord)
    foreign.authority = reply.authority.compactMap(reply.resourceRecord)
    for isUDP in [true, false] {
      let waiting = ForeignQuery(
        query, begunWith: begun, from: [127, 0, 0, 1], at: 0, isUDP: isUDP)
      guard let waiting else { continue }
      let octets = waiting.reply(foreign, wallSeconds: 0, .underTest)
      try require(octets.count <= (isUDP ? 512 : 65_535), "\(octets.count) octets")
      let sent: Reply
      do throws(ReplyError) {
        sent = try Reply(octets)
      } catch {
        throw Violation("what is passed on can't be read: \(error)")
      }
      try require(sent.answers(query), "what is passed on is no answer to the query")
      let answer = sent.answer.compactMap(sent.resourceRecord)
      try require(
        zip(answer, foreign.answer).allSatisfy { isSame($0, $1) }
          && answer.count <= foreign.answer.count, "another answer")
      try require(
        sent.isTruncated || answer.count == foreign.answer.count, "cut without saying so")
    }
  }

  /// But for the case of letters in names within RDATA, which a pointer to the same name in other
  /// letters may change (RFC 4343 section 4.1).
  private static func isSame(_ one: ResourceRecord, _ other: ResourceRecord) -> Bool {
    guard one.owner == other.owner, one.type == other.type, one.ttl == other.ttl else {
      return false
    }
    return NamesInRDATA(one.type) == nil
      ? one.rdata == other.rdata
      : one.rdata.elementsEqual(other.rdata) { $0.asciiLowercased == $1.asciiLowercased }
  }
}
