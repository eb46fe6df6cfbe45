// From the octets of a query to the octets of its reply.

import DNSWire

/// Answers queries from the published zones; one for each thread that answers.
///
/// The common query (a name that exists, one RRset) is answered without allocation, lock or
/// reference counting.
package final class Responder {
  private let domain: ZoneDomain
  private let reader: Reclamation.Reader
  private let settings: ResponderSettings
  private let scratch = AnswerScratch()
  private var now: BootTime = 0

  /// - Returns: nil when ``Reclamation/readerLimit`` threads answer already.
  package init?(domain: ZoneDomain, settings: ResponderSettings) {
    guard let reader = domain.reclamation.register() else { return nil }
    self.domain = domain
    self.reader = reader
    self.settings = settings
  }

  deinit {
    scratch.deallocate()
  }

  /// Begins a batch of replies that see the zones from here on, at `time`.
  package func begin(at time: BootTime) {
    now = time
    reader.goOnline()
  }

  /// Ends the batch: nothing of the zones is held while the thread waits.
  package func end() {
    reader.goOffline()
  }

  /// Writes the reply to `query` into `reply`, between ``begin(at:)`` and ``end()``.
  ///
  /// - Parameters:
  ///   - reply: at least 512 octets; over TCP at most 65,535 of them are used.
  ///   - isUDP: whether the limits of UDP hold (RFC 1035 section 4.2.1, RFC 6891 section 6.2.5).
  /// - Returns: octets of the reply; 0 when there is none.
  package func reply(
    to query: UnsafeRawBufferPointer, into reply: UnsafeMutableRawBufferPointer, isUDP: Bool
  ) -> Int {
    let message = query.assumingMemoryBound(to: UInt8.self).span
    switch Query.check(message) {
    case .discard:
      return 0
    case .error(let code, let flags):
      return replyWithHeader(query, into: reply, code, flags)
    case .query(let checked):
      reply.baseAddress!.copyMemory(
        from: query.baseAddress!, byteCount: Header.length + checked.questionLength)
      var outcome = answer(checked, in: reply, limit: limit(checked, reply, isUDP: isUDP))
      return finish(&outcome, checked, reply)
    }
  }

  private func limit(
    _ query: Query, _ reply: UnsafeMutableRawBufferPointer, isUDP: Bool
  ) -> Int {
    guard isUDP else { return min(reply.count, Int(UInt16.max)) }
    guard let edns = query.edns else { return 512 }
    return max(512, min(Int(edns.udpPayloadSize), settings.udpPayloadSize, reply.count))
  }

  /// A reply with no question: what came could not be understood (RFC 1035 section 4.1.1).
  private func replyWithHeader(
    _ query: UnsafeRawBufferPointer, into reply: UnsafeMutableRawBufferPointer,
    _ code: ResponseCode, _ flags: HeaderFlags
  ) -> Int {
    let memory = reply.baseAddress!
    memory.copyMemory(from: query.baseAddress!, byteCount: 2)
    memory.storeBigEndian(flags.replying.rawValue | code.rawValue, at: Header.Field.flags)
    memory.storeBigEndian(UInt64(0), at: Header.Field.questionCount)
    return Header.length
  }

  // MARK: Answering

  private func answer(
    _ query: Query, in reply: UnsafeMutableRawBufferPointer, limit: Int
  ) -> ReplyOutcome {
    var outcome = ReplyOutcome(limit: limit, end: Header.length + query.questionLength)
    if let edns = query.edns, edns.version > 0 {
      outcome.code = .badVersion
    } else if query.recordClass == .chaos {
      answerChaos(query, in: reply, &outcome)
    } else if query.recordClass != .in {
      outcome.code = .refused
    } else if query.type == .axfr || query.type == .ixfr {
      outcome.code = .refused
    } else if query.type == .maila || query.type == .mailb || query.type == .opt {
      outcome.code = .notImplemented
    } else {
      answerFromZones(query, in: reply, &outcome)
    }
    return outcome
  }

  private func answerFromZones(
    _ query: Query, in reply: UnsafeMutableRawBufferPointer, _ outcome: inout ReplyOutcome
  ) {
    let memory = reply.baseAddress!
    scratch.name.set((memory + Header.length).assumingMemoryBound(to: UInt8.self))
    let limit = outcome.limit - (query.edns == nil ? 0 : OptRecord.length)
    if query.type != .ds, let zone = domain.findZone(scratch.name),
      let node = zone.node(scratch.name.view, seed: domain.seed),
      node.flags.isEmpty, let rrset = node.rrset(query.type), rrset.isSelfContained
    {
      let sections = rrset.copyAnswer(into: memory, at: outcome.end, limit: limit, now: now)
      outcome.take(sections)
      return
    }
    answerGenerally(query, in: reply, limit: limit, &outcome)
  }

  private func answerGenerally(
    _ query: Query, in reply: UnsafeMutableRawBufferPointer, limit: Int,
    _ outcome: inout ReplyOutcome
  ) {
    let writer = MessageWriter(
      memory: reply, limit: limit, questionNameLength: query.nameLength)
    var answer = GeneralAnswer(domain: domain, scratch: scratch, now: now, writer: writer)
    answer.answer(query.type)
    outcome.take(answer)
  }

  private func answerChaos(
    _ query: Query, in reply: UnsafeMutableRawBufferPointer, _ outcome: inout ReplyOutcome
  ) {
    let memory = reply.baseAddress!
    scratch.name.set((memory + Header.length).assumingMemoryBound(to: UInt8.self))
    guard let text = settings.chaosText(for: scratch.name), query.type == .txt || query.type == .any
    else {
      outcome.code = .refused
      return
    }
    var writer = MessageWriter(
      memory: reply, limit: outcome.limit - OptRecord.length,
      questionNameLength: query.nameLength)
    let rdata = [UInt8(text.count)] + text
    let isWritten = rdata.withUnsafeBytes {
      writer.append(
        owner: scratch.name.view.bytes, type: .txt, recordClass: .chaos, ttl: 0, rdata: $0)
    }
    outcome.end = writer.length
    outcome.answers = isWritten ? 1 : 0
    outcome.isTruncated = !isWritten
    outcome.isAuthoritative = true
  }

  // MARK: Header and OPT

  private func finish(
    _ outcome: inout ReplyOutcome, _ query: Query, _ reply: UnsafeMutableRawBufferPointer
  ) -> Int {
    let memory = reply.baseAddress!
    if let edns = query.edns {
      let opt = OptRecord(
        udpPayloadSize: UInt16(settings.udpPayloadSize), code: outcome.code,
        dnssecOK: edns.dnssecOK, extendedError: outcome.extendedError)
      outcome.end += opt.write(to: memory + outcome.end, room: outcome.limit - outcome.end)
      outcome.additionals += 1
    }
    var flags = query.flags.replying.rawValue | (outcome.code.rawValue & 0xF)
    if outcome.isAuthoritative { flags |= HeaderFlags.authoritative }
    if outcome.isTruncated { flags |= HeaderFlags.truncated }
    memory.storeBigEndian(flags, at: Header.Field.flags)
    memory.storeBigEndian(UInt16(1), at: Header.Field.questionCount)
    memory.storeBigEndian(UInt16(outcome.answers), at: Header.Field.answerCount)
    memory.storeBigEndian(UInt16(outcome.authorities), at: Header.Field.authorityCount)
    memory.storeBigEndian(UInt16(outcome.additionals), at: Header.Field.additionalCount)
    return outcome.end
  }
}
