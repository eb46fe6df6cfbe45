// What was learned of services, and whether it still counts.

import DNSWire

/// Decides alone; time comes from outside.
struct DirectoryCache {
  typealias Time = ContinuousClock.Instant

  /// For which part of its TTL an answer is not asked for again.
  static let quietShare = 0.8
  /// Seconds after which any answer is asked for again, whatever its TTL.
  static let ttlLimit: UInt32 = 86_400
  /// After a failure nothing is asked for so long (RFC 9520 section 3.2).
  static let failurePause = Duration.seconds(1)

  /// What is known of a service.
  enum Finding {
    /// It counts; it is to be asked for again in the background if it `isDue`.
    case fresh(ServiceAnswer.Content, isDue: Bool)
    /// It has run out, and no server replies.
    case stale([Endpoint], isDue: Bool)
    /// No server replied a moment ago, and nothing else is known.
    case failed(RollcallError)
    case absent
  }

  private struct Entry {
    var answer: ServiceAnswer?
    var learned: Time
    var failure: (error: RollcallError?, time: Time)?
    /// The number of the look at it that was the last one.
    var lastUse: UInt64

    /// When the answer has run out.
    var end: Time { learned + .seconds(answer?.ttl ?? 0) }

    /// An unknown service is not unknown for longer than its TTL: it may have come meanwhile.
    func usableStale(at now: Time, for staleFor: Duration) -> [Endpoint]? {
      guard case .instances(let endpoints)? = answer?.content, now < end + staleFor else {
        return nil
      }
      return endpoints
    }
  }

  /// How long what has run out may serve while no server replies.
  let staleFor: Duration
  let nameLimit: Int
  private var entries: [DomainName: Entry] = [:]
  private var uses: UInt64 = 0

  init(staleFor: Duration, nameLimit: Int) {
    self.staleFor = staleFor
    self.nameLimit = nameLimit
  }

  var count: Int { entries.count }

  mutating func look(up name: DomainName, at now: Time) -> Finding {
    guard var entry = entries[name] else { return .absent }
    uses += 1
    entry.lastUse = uses
    entries[name] = entry
    let mayAsk = entry.failure.map { now >= $0.time + Self.failurePause } ?? true
    if let answer = entry.answer, now < entry.end {
      let quiet = Duration.seconds(answer.ttl) * Self.quietShare
      return .fresh(answer.content, isDue: mayAsk && now >= entry.learned + quiet)
    }
    guard let failure = entry.failure else { return .absent }
    if let endpoints = entry.usableStale(at: now, for: staleFor) {
      return .stale(endpoints, isDue: mayAsk)
    }
    guard !mayAsk, let error = failure.error else { return .absent }
    return .failed(error)
  }

  /// The instances that may be served while no server replies.
  func lastKnown(_ name: DomainName, at now: Time) -> [Endpoint]? {
    entries[name]?.usableStale(at: now, for: staleFor)
  }

  /// Takes an answer. Its TTL begins when it was asked for.
  ///
  /// - Returns: whether it ends a time without answers.
  @discardableResult
  mutating func store(_ answer: ServiceAnswer, of name: DomainName, askedAt time: Time) -> Bool {
    uses += 1
    var answer = answer
    answer.ttl = min(answer.ttl, Self.ttlLimit)
    let before = entries[name]?.failure?.error
    entries[name] = Entry(answer: answer, learned: time, failure: nil, lastUse: uses)
    keepLimit()
    return before != nil
  }

  /// Takes note that servers do not answer.
  ///
  /// - Parameter error: nil as long as not all were asked.
  /// - Returns: whether a time without answers begins.
  @discardableResult
  mutating func noteFailure(
    _ error: RollcallError?, of name: DomainName, at now: Time
  ) -> Bool {
    uses += 1
    var entry = entries[name] ?? Entry(answer: nil, learned: now, failure: nil, lastUse: uses)
    let before = entry.failure?.error
    entry.failure = (error ?? before, now)
    entries[name] = entry
    keepLimit()
    return before == nil && error != nil
  }

  private mutating func keepLimit() {
    guard entries.count > nameLimit,
      let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
    else { return }
    entries[oldest.key] = nil
  }
}
