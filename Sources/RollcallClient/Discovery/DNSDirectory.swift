// Finds the instances of services by DNS.

import CoreMetrics
import DNSClient
import DNSWire
public import Logging
import Synchronization

/// A ``ServiceDirectory`` that asks DNS servers and keeps what they answer for as long as they say.
///
/// For a service `S` in the zone `Z` it asks for the SRV records of `S.Z` (RFC 2782) and takes the
/// addresses of their targets from the same reply or, where they are missing, asks for A and AAAA.
/// Each instance is one ``Endpoint``, in the order in which the server gave them, with the least of
/// its addresses. Instances whose addresses no server tells are left out, and asked for again after
/// a second; only if there is no other one does the call fail.
///
/// What was learned is kept for the least TTL of all records, at most a day. When four fifths of
/// that are over, the next call begins to ask again in the background and is answered from what is
/// there. Calls for the same service share one question. While no server replies, the last known
/// instances are served for ``Configuration/staleFor`` longer, which the log and the metric
/// `rollcall_client_dns_stale_answers_total` tell. Records with TTL 0 serve those callers only that
/// waited for them, and later ones while no server replies.
///
/// Each query goes from a new socket, with a random port and id. A reply counts only if it comes
/// from the server that was asked, with the same id and question (RFC 5452). A truncated reply is
/// asked for again over TCP. A server that is silent, fails, or refuses gives way to the next.
public final class DNSDirectory: ServiceDirectory {
  /// Services that are asked for at the same time.
  static let questionLimit = 1_000

  private struct State {
    var cache: DirectoryCache
    /// Who waits for the answer to a question that is under way.
    var waiters: [DomainName: [AsyncStream<Outcome>.Continuation]] = [:]
  }

  private typealias Outcome = Result<[Endpoint], RollcallError>

  private let zone: DomainName
  private let lookup: ServiceLookup
  private let logger: Logger
  private let state: Mutex<State>

  /// - Throws: ``RollcallError`` of kind `setting` that says what is wrong in `configuration`.
  public init(
    _ configuration: Configuration = Configuration(),
    logger: Logger = Logger(label: "rollcall.client")
  ) throws {
    zone = try configuration.zoneName()
    lookup = ServiceLookup(
      resolver: StubResolver(
        try configuration.nameServers(),
        attempts: configuration.servers.count * configuration.rounds,
        exchange: DNSExchange(timeout: configuration.timeout),
        note: { outcome in
          Counter(
            label: "rollcall_client_dns_queries_total", dimensions: [("outcome", outcome.rawValue)]
          ).increment()
        }),
      prefersV6: configuration.prefersIPv6)
    self.logger = logger
    state = Mutex(
      State(
        cache: DirectoryCache(
          staleFor: configuration.staleFor, nameLimit: configuration.nameLimit)))
  }

  /// The live instances of a service in the order in which the server gave them; empty if the
  /// service exists and has none.
  ///
  /// It returns early with `CancellationError` when the task is cancelled.
  ///
  /// - Parameter service: its name, such as `web` or `web.prod`, without the zone.
  /// - Throws: ``RollcallError`` of kind `serviceUnknown` if there is no such service, `noAnswer`
  ///   if no server replied and nothing is known from before, `setting` for what is no name.
  public func endpoints(of service: String) async throws -> [Endpoint] {
    let name = try name(of: service)
    let (outcomes, waiter) = AsyncStream.makeStream(of: Outcome.self)
    if let known = consult(name, waiter) { return try known.get() }
    for await outcome in outcomes { return try outcome.get() }
    throw CancellationError()
  }

  private func name(of service: String) throws(RollcallError) -> DomainName {
    do throws(DomainNameError) {
      let labels = try DomainName(service).labels
      guard !labels.isEmpty else { throw .emptyLabel }
      return try DomainName(labels: (labels + zone.labels).map(Array.init))
    } catch {
      throw RollcallError(.setting, "'\(service)' is no name of a service: \(error)")
    }
  }

  /// What is known of a service, or nil when `waiter` will be told.
  private func consult(
    _ name: DomainName, _ waiter: AsyncStream<Outcome>.Continuation
  ) -> Outcome? {
    state.withLock { state in
      switch state.cache.look(up: name, at: .now) {
      case .fresh(let content, let isDue):
        if isDue { beginQuestion(name, &state) }
        return content.outcome(name)
      case .stale(let endpoints, let isDue):
        if isDue { beginQuestion(name, &state) }
        Self.countStale(1)
        return .success(endpoints)
      case .failed(let error):
        return .failure(error)
      case .absent:
        guard beginQuestion(name, &state) else { return .failure(Self.tooMany) }
        state.waiters[name]?.append(waiter)
        return nil
      }
    }
  }

  // MARK: Questions

  private static let tooMany = RollcallError(
    .noAnswer, "more than \(questionLimit) services are being asked for at once")

  /// Asks, unless that is under way. The task lives for as long as the servers may take and is not
  /// its callers', who may go before the answer comes.
  ///
  /// - Returns: whether the question is under way.
  @discardableResult
  private func beginQuestion(_ name: DomainName, _ state: inout State) -> Bool {
    guard state.waiters[name] == nil else { return true }
    guard state.waiters.count < Self.questionLimit else { return false }
    state.waiters[name] = []
    Task { await ask(name) }
    return true
  }

  private func ask(_ name: DomainName) async {
    let start = ContinuousClock.now
    do throws(RollcallError) {
      // Who waits is served with what was known before as soon as one server has failed.
      let answer = try await lookup.find(name) { self.noteFailure(nil, name) }
      noteAnswer(answer, name, askedAt: start)
    } catch {
      noteFailure(error, name)
    }
  }

  private func noteAnswer(
    _ answer: ServiceAnswer, _ name: DomainName, askedAt start: ContinuousClock.Instant
  ) {
    let (waiters, isBack) = state.withLock { state in
      let isBack = state.cache.store(answer, of: name, askedAt: start)
      return (state.waiters.removeValue(forKey: name) ?? [], isBack)
    }
    if isBack { logger.info("DNS servers answer again", metadata: ["name": "\(name)"]) }
    Self.tell(waiters, answer.content.outcome(name))
  }

  /// - Parameter error: nil as long as not all servers were asked.
  private func noteFailure(_ error: RollcallError?, _ name: DomainName) {
    let (waiters, outcome, isNews) = state.withLock { state in
      let isNews = state.cache.noteFailure(error, of: name, at: .now)
      let stale = state.cache.lastKnown(name, at: .now)
      if stale != nil { Self.countStale(state.waiters[name]?.count ?? 0) }
      let outcome = stale.map(Outcome.success) ?? error.map(Outcome.failure)
      let waiters = outcome == nil ? [] : state.waiters[name] ?? []
      if outcome != nil { state.waiters[name] = error == nil ? [] : nil }
      return (waiters, outcome, isNews)
    }
    if isNews, let error {
      logger.warning(
        "DNS servers do not answer; what was known of the service is served as long as it may be",
        metadata: ["name": "\(name)", "reason": "\(error)"])
    }
    if let outcome { Self.tell(waiters, outcome) }
  }

  private static func tell(_ waiters: [AsyncStream<Outcome>.Continuation], _ outcome: Outcome) {
    for waiter in waiters {
      waiter.yield(outcome)
      waiter.finish()
    }
  }

  private static func countStale(_ count: Int) {
    Counter(label: "rollcall_client_dns_stale_answers_total").increment(by: count)
  }
}

extension ServiceAnswer.Content {
  fileprivate func outcome(_ name: DomainName) -> Result<[Endpoint], RollcallError> {
    switch self {
    case .instances(let endpoints): .success(endpoints)
    case .unknown:
      .failure(RollcallError(.serviceUnknown, "there is no service \(name) (NXDOMAIN)"))
    }
  }
}
