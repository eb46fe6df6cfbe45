// Looks up elsewhere what is in none of our zones, for clients that know no other server.

package import DNSClient
package import DNSTransport
import DNSWire
package import DNSZone
package import Logging
import Synchronization

/// Asks other servers, in tasks of their own, so that our own answers wait for nothing; one
/// question is asked once however many clients wait for it.
package final class Forwarder: Sendable {
  /// Questions under way at a time.
  static let questionLimit = 1_000
  /// Clients that wait, for all questions together.
  static let waiterLimit = 4_000
  /// Octets of all answers that are kept, about.
  static let cacheLimit = 16 * 1024 * 1024
  /// How long one server has for one reply.
  static let timeout = Duration.milliseconds(1_200)
  /// Queries for one question where there are fewer servers: with them all lost, its clients wait
  /// for as long as they usually do.
  private static let attempts = 4
  private static let attemptsAtOneServer = 2
  /// After which clients get what has ended, while the servers are asked on (RFC 8767 section 5).
  static let patience = Duration.milliseconds(1_800)
  /// For how long servers are not asked again after all of them failed: with an old answer that
  /// serves (RFC 8767 section 5), and without (RFC 9520 section 3.2).
  static let recheckSeconds: BootTime = 30
  static let failureSeconds: BootTime = 1
  private static let failureLimit = 10_000

  fileprivate struct Waiter {
    let query: ForeignQuery
    let send: @Sendable ([UInt8]) -> Void
  }

  fileprivate struct State {
    var cache = ForwardCache(limit: cacheLimit)
    var waiters: [DNSQuestion: [Waiter]] = [:]
    var waiterCount = 0
    /// Questions under way whose clients get what has ended at once.
    var impatient: Set<DNSQuestion> = []
    /// Until when servers are not asked again.
    var failures: [DNSQuestion: BootTime] = [:]
    var isClosed = false
    var counters = ForwardCounters()
  }

  private let resolver: StubResolver
  private let settings: ResponderSettings
  private let now: @Sendable () -> (boot: BootTime, wallSeconds: UInt32)
  private let log: FailureLog
  private let queries: QueryCounts
  private let state = Mutex(State())

  /// - Parameters:
  ///   - servers: at least one; each is asked until one answers.
  ///   - settings: of our replies.
  ///   - now: the time, as queries are answered by it.
  package init(
    _ servers: [NameServer], _ settings: ResponderSettings, logger: Logger,
    now: @escaping @Sendable () -> (boot: BootTime, wallSeconds: UInt32)
  ) {
    let queries = QueryCounts()
    resolver = StubResolver(
      servers,
      attempts: max(servers.count, min(Self.attempts, servers.count * Self.attemptsAtOneServer)),
      exchange: DNSExchange(timeout: Self.timeout), note: queries.count)
    self.queries = queries
    self.settings = settings
    self.now = now
    log = FailureLog(logger: logger)
  }

  // MARK: Queries

  /// Replies at once or when a server has answered. It does not block.
  package func take(_ deferred: DeferredQuery) {
    let query = ForeignQuery(
      deferred.query, begunWith: deferred.beginning, from: deferred.client, at: deferred.listener,
      isUDP: deferred.transport == .udp)
    guard let query else { return deferred.reply([]) }
    let waiter = Waiter(query: query, send: deferred.reply)
    if let answer = consult(waiter) { reply(answer, to: waiter) }
  }

  /// What is known, or nil when the waiter will be told.
  private func consult(_ waiter: Waiter) -> ForeignAnswer? {
    let question = DNSQuestion(waiter.query)
    let time = now().boot
    return state.withLock { state in
      let (answer, outcome) = state.find(question, waiter, at: time) {
        Task { await self.ask(question) }
      }
      if let outcome { state.counters.outcomes[outcome, default: 0] += 1 }
      return answer
    }
  }

  private func reply(_ answer: ForeignAnswer, to waiter: Waiter) {
    waiter.send(waiter.query.reply(answer, wallSeconds: now().wallSeconds, settings))
  }

  // MARK: Servers

  private func ask(_ question: DNSQuestion) async {
    let impatience = Task {
      try await Task.sleep(for: Self.patience)
      serveStale(question)
    }
    defer { impatience.cancel() }
    let answer: ForeignAnswer?
    do throws(StubResolver.Failure) {
      answer = ForeignAnswer(try await resolver.ask(question), to: question)
      log.noteAnswer()
    } catch {
      answer = nil
      // That one name can't be looked up is no fault of the servers.
      if error.isSilence { log.note(error.description) }
    }
    end(question, answer)
  }

  private func serveStale(_ question: DNSQuestion) {
    let time = now().boot
    let (stale, waiters) = state.withLock { state -> (ForeignAnswer?, [Waiter]) in
      guard case .stale(let answer) = state.cache.look(up: question, at: time) else {
        return (nil, [])
      }
      // The question stays under way, and whoever asks next does not wait for it.
      if state.waiters[question] != nil { state.impatient.insert(question) }
      let waiters = state.takeWaiters(of: question, keepingQuestion: true)
      state.counters.outcomes[.stale, default: 0] += waiters.count
      return (answer, waiters)
    }
    guard let stale else { return }
    for waiter in waiters { reply(stale, to: waiter) }
  }

  private func end(_ question: DNSQuestion, _ found: ForeignAnswer?) {
    let time = now().boot
    let (answer, waiters) = state.withLock { state -> (ForeignAnswer, [Waiter]) in
      let waiters = state.takeWaiters(of: question, keepingQuestion: false)
      let (answer, outcome) = state.note(found, for: question, at: time)
      state.counters.outcomes[outcome, default: 0] += waiters.count
      return (answer, waiters)
    }
    for waiter in waiters { reply(answer, to: waiter) }
  }

  // MARK: End

  /// Tells those who wait to ask elsewhere. From then on nobody waits.
  package func shutdown() {
    let waiters = state.withLock { state in
      state.isClosed = true
      let all = state.waiters.values.flatMap(\.self)
      state.waiters = state.waiters.mapValues { _ in [] }
      state.waiterCount = 0
      return all
    }
    for waiter in waiters { reply(.failure(.notReady), to: waiter) }
  }

  /// What has been counted since the start.
  package var counters: ForwardCounters {
    var counters = state.withLock { state in
      var counters = state.counters
      counters.cachedAnswers = state.cache.count
      counters.cachedOctets = state.cache.octets
      counters.waiting = state.waiterCount
      return counters
    }
    counters.queries = queries.values
    return counters
  }
}

extension Forwarder.State {
  /// - Parameter ask: asks the servers.
  /// - Returns: the answer where there is one at once, and what it is.
  fileprivate mutating func find(
    _ question: DNSQuestion, _ waiter: Forwarder.Waiter, at now: BootTime, ask: () -> Void
  ) -> (ForeignAnswer?, ForwardCounters.Outcome?) {
    var stale: ForeignAnswer?
    switch cache.look(up: question, at: now) {
    case .fresh(let answer): return (answer, .cached)
    case .stale(let answer): stale = answer
    case .absent: break
    }
    if let until = failures[question], now < until {
      return (stale ?? .failure(.noReachableAuthority), stale == nil ? .failed : .stale)
    }
    if let stale, impatient.contains(question) { return (stale, .stale) }
    let isUnderWay = waiters[question] != nil
    guard !isClosed, waiterCount < Forwarder.waiterLimit,
      isUnderWay || waiters.count < Forwarder.questionLimit
    else { return (stale ?? .failure(.notReady), stale == nil ? .refused : .stale) }
    waiters[question, default: []].append(waiter)
    waiterCount += 1
    if !isUnderWay { ask() }
    return (nil, nil)
  }

  fileprivate mutating func takeWaiters(
    of question: DNSQuestion, keepingQuestion: Bool
  ) -> [Forwarder.Waiter] {
    let taken = waiters[question] ?? []
    waiters[question] = keepingQuestion && waiters[question] != nil ? [] : nil
    if !keepingQuestion { impatient.remove(question) }
    waiterCount -= taken.count
    return taken
  }

  /// Keeps what a server said, or that none did.
  /// - Returns: what clients are told.
  fileprivate mutating func note(
    _ found: ForeignAnswer?, for question: DNSQuestion, at now: BootTime
  ) -> (ForeignAnswer, ForwardCounters.Outcome) {
    if let found {
      failures[question] = nil
      cache.store(found, for: question, at: now)
      return (found, .answered)
    }
    var stale: ForeignAnswer?
    if case .stale(let answer) = cache.look(up: question, at: now) { stale = answer }
    if failures.count >= Forwarder.failureLimit { failures = failures.filter { $0.value > now } }
    if failures.count < Forwarder.failureLimit {
      let seconds = stale == nil ? Forwarder.failureSeconds : Forwarder.recheckSeconds
      failures[question] = now + seconds * 1_000_000_000
    }
    return (stale ?? .failure(.noReachableAuthority), stale == nil ? .failed : .stale)
  }
}

extension DNSQuestion {
  fileprivate init(_ query: ForeignQuery) {
    self.init(
      name: query.name, type: query.type, dnssecOK: query.dnssecOK,
      checkingDisabled: query.checkingDisabled)
  }
}
