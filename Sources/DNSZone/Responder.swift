// From the octets of a query to the octets of its reply.

import DNSWire

/// Answers queries from the published zones; one for each thread that answers.
///
/// The common query (a name that exists, one RRset) is answered without allocation, lock or
/// reference counting.
package final class Responder {
  private let domain: ZoneDomain
  private let reader: Reclamation.Reader
  let settings: ResponderSettings
  /// Of the replies that this thread limits; nil where none is.
  let tally: RateLimitTally?
  private let replies: ReplyTally?
  private let scratch: AnswerScratch
  private let lookAhead: LookAhead
  /// Of the batch that has begun.
  private var zones: PublishedZones
  private(set) var now: BootTime = 0
  private(set) var wallSeconds: UInt32 = 0
  private var areCookiesRequired = false
  /// Whether the last reply is only begun, with our aliases if there are any: the rest is to come
  /// from another server.
  package var isForeign: Bool { isLastForeign }
  /// Not seen from elsewhere, so that no access to it is checked while the program runs.
  private var isLastForeign = false

  /// - Returns: nil when ``Reclamation/readerLimit`` threads answer already.
  package init?(domain: ZoneDomain, settings: ResponderSettings) {
    guard let reader = domain.reclamation.register() else { return nil }
    self.domain = domain
    zones = domain.published
    self.reader = reader
    self.settings = settings
    tally = settings.rateLimiter?.makeTally()
    replies = settings.statistics?.makeTally()
    scratch = AnswerScratch()
    lookAhead = LookAhead.allocate()
  }

  deinit {
    scratch.deallocate()
    lookAhead.deallocate()
  }

  /// Begins a batch of replies that see the zones from here on.
  ///
  /// - Parameters:
  ///   - wallSeconds: seconds since 1970 modulo 2^32, for cookies.
  ///   - isUnderLoad: whether more queries wait than the batch could take.
  package func begin(at time: BootTime, wallSeconds: UInt32, isUnderLoad: Bool) {
    now = time
    self.wallSeconds = wallSeconds
    areCookiesRequired =
      settings.cookieRequirement == .always
      || (isUnderLoad && settings.cookieRequirement == .underLoad)
    reader.goOnline()
    zones = domain.published
  }

  /// Makes the replies of a batch faster: to be called with each of its queries before the first
  /// is replied to, and then ``fetchExpected()``.
  package func expect(_ query: UnsafeRawBufferPointer) {
    lookAhead.add(query, in: zones)
  }

  package func fetchExpected() {
    lookAhead.fetch()
  }

  /// Ends the batch: nothing of the zones is held while the thread waits.
  package func end() {
    reader.goOffline()
  }

  /// Writes the reply to `query` into `reply`, between ``begin(at:wallSeconds:isUnderLoad:)`` and
  /// ``end()``.
  ///
  /// - Parameters:
  ///   - client: the address that the query came from, 4 or 16 octets in network order.
  ///   - listener: which of the server's addresses it came to.
  ///   - reply: at least 512 octets; over TCP at most 65,535 of them are used.
  ///   - isUDP: whether the limits of UDP hold (RFC 1035 section 4.2.1, RFC 6891 section 6.2.5).
  /// - Returns: octets of the reply; 0 when there is none.
  package func reply(
    to query: UnsafeRawBufferPointer, from client: UnsafeRawBufferPointer, at listener: Int = 0,
    into reply: UnsafeMutableRawBufferPointer, isUDP: Bool
  ) -> Int {
    isLastForeign = false
    let message = query.assumingMemoryBound(to: UInt8.self).span
    let checked: Query
    var error: ResponseCode?
    switch Query.check(message) {
    case .discard: return 0
    case .query(let query): checked = query
    case .error(let code, let query): (checked, error) = (query, code)
    }
    let request = Request(
      checked, in: query, from: client, isUDP: isUDP,
      profile: settings.profile(of: client, at: listener), room: reply.count, settings)
    reply.baseAddress!.copyMemory(
      from: query.baseAddress!, byteCount: Header.length + checked.questionLength)
    var outcome = ReplyOutcome(
      limit: request.sectionLimit, end: Header.length + checked.questionLength)
    switch admit(request) {
    case .answer:
      if let error {
        outcome.code = error
      } else {
        answer(request, in: reply, &outcome)
      }
    case .refuse:
      outcome.fail(.refused, .prohibited)
    case .demandProof:
      demandCookie(request, &outcome)
    case .drop:
      return 0
    }
    isLastForeign = outcome.isForeign && mayForward(request, &outcome)
    if isLastForeign {
      settings.writeHeader(outcome, request, reply.baseAddress!)
      return outcome.end
    }
    let length = settings.finish(&outcome, request, reply, wallSeconds: wallSeconds)
    replies?.count(checked.type, outcome.code, length: length, isUDP: isUDP)
    return length
  }

  /// Counts the time that a batch has taken.
  ///
  /// - Parameter count: of its queries.
  package func noteBatch(of count: Int, until end: BootTime) {
    replies?.countBatch(nanoseconds: end - now, count: count)
  }

  // MARK: Forwarding

  /// Only who asks for recursion gets what others say (RFC 1034 section 4.3.1).
  private func mayForward(_ request: Request, _ outcome: inout ReplyOutcome) -> Bool {
    guard let clients = settings.forwardedClients, !outcome.isTruncated,
      request.query.flags.rawValue & HeaderFlags.recursionDesired != 0
    else { return false }
    if let client = request.clientAddress, clients.contains(where: { $0.contains(client) }) {
      return true
    }
    if outcome.code == .refused { outcome.extendedError = .prohibited }
    return false
  }

  // MARK: Answering

  private func answer(
    _ request: Request, in reply: UnsafeMutableRawBufferPointer, _ outcome: inout ReplyOutcome
  ) {
    let query = request.query
    if query.tsigOffset != nil {
      // No key is known here (RFC 8945 section 5.2.1).
      outcome.code = .notAuth
    } else if let edns = query.edns, edns.version > 0 {
      outcome.code = .badVersion
    } else if query.questionLength == 0 {
      answerCookieOnly(request, &outcome)
    } else if areCookiesRequired && request.isUDP && !isProven(request) {
      demandCookie(request, &outcome)
    } else if query.recordClass == .chaos {
      answerChaos(query, in: reply, &outcome)
    } else if query.recordClass != .in {
      outcome.fail(.refused, .notSupported)
    } else if query.type == .axfr || query.type == .ixfr {
      refuseTransfer(in: reply, &outcome)
    } else if query.type == .maila || query.type == .mailb {
      outcome.fail(.notImplemented, .notSupported)
    } else {
      answerFromZones(request, in: reply, &outcome)
    }
  }

  /// A transfer of what is no zone of ours is not refused but not ours (RFC 5936 section 2.2.1).
  private func refuseTransfer(
    in reply: UnsafeMutableRawBufferPointer, _ outcome: inout ReplyOutcome
  ) {
    scratch.name.set((reply.baseAddress! + Header.length).assumingMemoryBound(to: UInt8.self))
    let zone = zones.findZone(scratch.name)
    let isApex = zone?.apexLabels == scratch.name.labelCount
    outcome.fail(isApex ? .refused : .notAuth, isApex ? .notSupported : .notAuthoritative)
  }

  func isProven(_ request: Request) -> Bool {
    guard let cookie = request.options?.cookie else { return false }
    return settings.serverCookie.accepts(cookie, address: request.client, at: wallSeconds)
  }

  /// The query has no question but a cookie, which is to be made or judged (RFC 7873 section 5.4).
  private func answerCookieOnly(_ request: Request, _ outcome: inout ReplyOutcome) {
    let hasServerCookie = (request.options?.cookie?.count ?? 0) > ServerCookie.clientLength
    if hasServerCookie && !isProven(request) { outcome.code = .badCookie }
  }

  /// Whoever knows cookies gets one with the reply; others can come over TCP (RFC 7873 sections
  /// 5.2.1 and 5.2.3).
  private func demandCookie(_ request: Request, _ outcome: inout ReplyOutcome) {
    if request.options?.cookie != nil {
      outcome.code = .badCookie
    } else {
      outcome.isTruncated = true
    }
  }

  private func answerFromZones(
    _ request: Request, in reply: UnsafeMutableRawBufferPointer, _ outcome: inout ReplyOutcome
  ) {
    let query = request.query
    let memory = reply.baseAddress!
    scratch.name.set((memory + Header.length).assumingMemoryBound(to: UInt8.self))
    if request.profile.isEmpty, query.type != .ds,
      let zone = zones.findZone(scratch.name),
      let node = zone.node(scratch.name.view, seed: zones.seed),
      node.flags.isDisjoint(with: .cuts), let rrset = node.rrset(query.type),
      let sections = write(rrset, of: zone, to: memory, outcome)
    {
      outcome.take(sections)
      return
    }
    answerGenerally(request, in: reply, &outcome)
  }

  /// - Returns: nil when more than the RRset's own records makes the answer.
  private func write(
    _ rrset: FoundRRset, of zone: ZoneBlock, to memory: UnsafeMutableRawPointer,
    _ outcome: borrowing ReplyOutcome
  ) -> AnswerSections? {
    switch rrset {
    case .prepared(let rrset):
      guard rrset.isSelfContained else { return nil }
      return rrset.copyAnswer(into: memory, at: outcome.end, limit: outcome.limit)
    case .instances(let rrset):
      guard let rrset = rrset.ofBestGroup(at: now), rrset.count > 0, rrset.isSelfContained
      else { return nil }
      var live = scratch.liveRecords
      var sections = rrset.writeAnswer(
        into: memory, at: outcome.end, limit: outcome.limit, now: now, &live)
      if zone.hasHeldInstances && live.hasHeld { sections?.isStale = true }
      return sections
    }
  }

  private func answerGenerally(
    _ request: Request, in reply: UnsafeMutableRawBufferPointer, _ outcome: inout ReplyOutcome
  ) {
    let query = request.query
    let start = outcome.end
    let writer = MessageWriter(
      memory: reply, limit: outcome.limit, questionNameLength: query.nameLength)
    var answer = GeneralAnswer(
      zones: zones, scratch: scratch, now: now, addressLimit: request.profile.addressLimit,
      writer: writer)
    answer.answer(query.type)
    outcome.take(answer)
    if request.profile.contains(.haproxy) { outcome.multiplyWeights(in: reply, at: start) }
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
      memory: reply, limit: outcome.limit, questionNameLength: query.nameLength)
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
}
