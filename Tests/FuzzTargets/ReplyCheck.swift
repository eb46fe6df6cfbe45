// What holds for the reply to any octets at all.

import DNSWire
package import TestSupport

/// Compares a reply with the octets that it replies to.
package struct ReplyCheck {
  private let query: [UInt8]
  private let octets: [UInt8]
  private let isUDP: Bool

  /// - Parameters:
  ///   - octets: the reply; none when there is none.
  ///   - query: what arrived.
  /// - Returns: the reply, or nil if there is none for a good reason.
  package static func read(
    _ octets: [UInt8], to query: [UInt8], isUDP: Bool
  ) throws(Violation) -> Message? {
    let check = ReplyCheck(query: query, octets: octets, isUDP: isUDP)
    return try check.message()
  }

  private func message() throws(Violation) -> Message? {
    let isQuery = query.count >= 12 && query[2] & 0x80 == 0
    try require(octets.isEmpty != isQuery, isQuery ? "no reply to a query" : "a reply to no query")
    guard isQuery else { return nil }
    let reply: Message
    do throws(MessageDecodingError) {
      reply = try Message(octets)
    } catch {
      throw Violation("the reply cannot be read: \(error)")
    }
    try checkHeader(reply)
    try checkQuestion(reply)
    try checkSections(reply)
    try checkEDNS(reply)
    return reply
  }

  /// Id, opcode and RD as they came (RFC 1035 section 4.1.1); what has no meaning here is clear.
  private func checkHeader(_ reply: Message) throws(Violation) {
    try require(octets[..<2] == query[..<2], "the reply has another id")
    try require(reply.isResponse, "QR is clear")
    try require(octets[2] & 0x79 == query[2] & 0x79, "opcode or RD is another")
    try require(!reply.recursionAvailable && reply.reservedBits == 0, "RA, Z, AD or CD is set")
  }

  /// The question octet by octet. Without one nothing can be answered.
  private func checkQuestion(_ reply: Message) throws(Violation) {
    try require(octets[4] == 0 && octets[5] <= 1, "there is more than one question")
    if let question = reply.question {
      try require(
        query[12...].starts(with: question.octets), "the question is another: \(question.name)")
      return
    }
    try require(
      query[4...5] != [0, 1] || [.formatError, .notImplemented].contains(reply.code),
      "\(reply.code) without question")
    try require(
      reply.answer.isEmpty && reply.authority.isEmpty, "records without question")
  }

  /// One TTL in each RRset (RFC 2181 section 5.2), each record once (section 5), and libldns sees
  /// the same records.
  private func checkSections(_ reply: Message) throws(Violation) {
    let seen = try LDNSMessage(octets)
    try require(
      seen.recordCounts == [reply.answer.count, reply.authority.count],
      "libldns reads \(seen.recordCounts) records")
    for section in [reply.answer, reply.authority, reply.additional] {
      var ttls: [RRsetKey: UInt32] = [:]
      var records: Set<ResourceRecord> = []
      for record in section.records {
        let key = RRsetKey(owner: record.owner, type: record.type)
        let ttl = ttls.updateValue(record.ttl, forKey: key) ?? record.ttl
        try require(ttl == record.ttl, "an RRset of \(record.owner) has two TTLs")
        try require(ttl <= 0x7FFF_FFFF, "a TTL of \(ttl) seconds")
        try require(
          records.insert(record).inserted, "\(record.owner) \(record.type) has a record twice")
      }
    }
  }

  /// An OPT record exactly when one came that could be read; 512 octets without (RFC 1035 section
  /// 4.2.1), else what the client takes, at most 1,232.
  private func checkEDNS(_ reply: Message) throws(Violation) {
    // Of queries that libldns can't read some are answered all the same: those with wrong RDATA.
    let offer = try? LDNSMessage(query)
    if let offer {
      try require(
        reply.opt == nil || offer.udpPayloadSize != nil, "an OPT record, but none came")
      try require(
        reply.opt != nil || offer.udpPayloadSize == nil
          || [.formatError, .notImplemented].contains(reply.code),
        "\(reply.code) without an OPT record, but one came")
      try checkOptions(reply.opt?.options ?? [], offer)
    }
    let size = reply.opt == nil ? 512 : Int(offer?.udpPayloadSize ?? 1232)
    let limit = isUDP ? max(512, min(1232, size)) : 65_535
    try require(octets.count <= limit, "\(octets.count) octets, the limit is \(limit)")
  }

  /// None twice, and none that was not asked for but an extended error (RFC 8914 section 3).
  private func checkOptions(
    _ options: [Message.Option], _ offer: LDNSMessage
  ) throws(Violation) {
    let asked = options.map(\.code).filter { $0 != OptionCode.extendedError.rawValue }
    try require(Set(asked).count == asked.count, "options \(asked)")
    try require(
      asked.allSatisfy { code in offer.options.contains { $0.code == code } },
      "options \(asked) that were not asked for")
    // RFC 7828 section 3.2.1.
    try require(
      !isUDP || !asked.contains(OptionCode.keepalive.rawValue), "keepalive over UDP")
    guard let cookie = options.first(where: { $0.code == OptionCode.cookie.rawValue }) else {
      return
    }
    let sent = offer.options.first { $0.code == OptionCode.cookie.rawValue }
    try require(cookie.data.count == 24, "a cookie of \(cookie.data.count) octets")
    try require(cookie.data.prefix(8) == sent?.data.prefix(8), "another client's cookie")
  }
}
