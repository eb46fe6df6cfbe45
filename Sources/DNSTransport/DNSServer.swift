// DNS over UDP and TCP on a set of addresses: opened, started, shut down.

package import Logging
import Synchronization

/// Serves DNS over UDP and TCP on the same addresses and ports.
///
/// ``open(addresses:workers:limits:makeAnswerer:logger:)`` binds everything, so that a wrong
/// address is an error before anything else is started; ``start()`` serves; ``shutdown()`` ends it.
/// The TCP limits and event loops are those of all addresses together.
package final class DNSServer: Sendable {
  /// Event loops for TCP; UDP is what must scale with the cores.
  private static let tcpThreadLimit = 4

  private enum State {
    case opened(tcp: [BoundSocket])
    case starting
    case running(TCPServer)
    /// Kept for its counters.
    case ended(TCPServer?)
  }

  /// The addresses with their real ports, in the order of `addresses`.
  package let boundAddresses: [ListenAddress]

  private let workers: [UDPWorker]
  private let tcpThreads: Int
  private let limits: TCPLimits
  private let makeAnswerer: MakeAnswerer
  private let takeDeferred: TakeDeferred?
  private let logger: Logger
  private let state: Mutex<State>

  private init(
    _ sockets: [ListeningSockets], tcpThreads: Int, limits: TCPLimits,
    makeAnswerer: @escaping MakeAnswerer, takeDeferred: TakeDeferred?, logger: Logger
  ) {
    boundAddresses = sockets.map(\.address)
    let udp = sockets.enumerated().flatMap { listener, sockets in
      sockets.udp.map { (socket: $0, listener: listener) }
    }
    workers = udp.enumerated().map { number, place in
      UDPWorker(
        socket: place.socket, listener: place.listener, name: "dns-udp-\(number)",
        takeDeferred: takeDeferred, logger: logger)
    }
    state = Mutex(.opened(tcp: sockets.map(\.tcp)))
    self.tcpThreads = tcpThreads
    self.limits = limits
    self.makeAnswerer = makeAnswerer
    self.takeDeferred = takeDeferred
    self.logger = logger
  }

  /// Binds every address for UDP and TCP; what arrives waits for ``start()``.
  ///
  /// - Parameters:
  ///   - workers: UDP threads for each address, at least 1, and event loops for TCP, at most 4.
  ///   - makeAnswerer: called on each of these threads when they start.
  ///   - takeDeferred: takes what answerers defer; nil where they defer nothing.
  /// - Throws: the error of the first address that can't be bound; then none is.
  package static func open(
    addresses: [ListenAddress], workers: Int, limits: TCPLimits = TCPLimits(),
    makeAnswerer: @escaping MakeAnswerer, takeDeferred: TakeDeferred? = nil, logger: Logger
  ) throws(TransportError) -> DNSServer {
    precondition(workers > 0, "no worker would answer")
    var sockets: [ListeningSockets] = []
    for address in addresses {
      sockets.append(try ListeningSockets.open(address, workers: workers))
    }
    return DNSServer(
      sockets, tcpThreads: min(workers, tcpThreadLimit), limits: limits,
      makeAnswerer: makeAnswerer, takeDeferred: takeDeferred, logger: logger)
  }

  /// Returns once every thread has its answerer and serves. To be called once.
  ///
  /// - Throws: ``TransportError/cannotStart(reason:)``; then everything is closed.
  package func start() async throws(TransportError) {
    let sockets: [BoundSocket]? = state.withLock { state in
      guard case .opened(let sockets) = state else { return nil }
      state = .starting
      return sockets
    }
    guard let sockets else { throw .cannotStart(reason: "it was started or shut down before") }
    do throws(TransportError) {
      for worker in workers { try await worker.start(makeAnswerer) }
      let tcp = try await TCPServer.start(
        sockets, threads: tcpThreads, limits: limits, makeAnswerer, takeDeferred)
      state.withLock { $0 = .running(tcp) }
    } catch {
      await stopWorkers()
      for socket in sockets { socket.close() }
      state.withLock { $0 = .ended(nil) }
      throw error
    }
  }

  /// Stops accepting, answers what has arrived, closes everything and joins all threads; takes at
  /// most about two seconds, if TCP clients do not read their replies. Not to be called while
  /// ``start()`` runs. A second call does nothing.
  package func shutdown() async {
    let state = state.withLock { state in
      let before = state
      switch before {
      case .opened, .starting: state = .ended(nil)
      case .running(let tcp): state = .ended(tcp)
      case .ended: break
      }
      return before
    }
    switch state {
    case .opened(let sockets):
      await stopWorkers()
      for socket in sockets { socket.close() }
    case .running(let tcp):
      async let stopped: Void = stopWorkers()
      await tcp.shutdown()
      await stopped
    case .starting, .ended:
      break
    }
  }

  /// What has been counted since the start.
  package var udpCounters: UDPCounters {
    var sum = UDPCounters()
    for worker in workers {
      worker.counters.add(to: &sum)
      sum.overflowed += worker.socket.overflowCount
    }
    return sum
  }

  /// What has been counted since the start.
  package var tcpCounters: TCPCounters {
    switch state.withLock({ $0 }) {
    case .opened, .starting, .ended(nil): TCPCounters()
    case .running(let tcp), .ended(let tcp?): tcp.counters
    }
  }

  // MARK: Signs of life

  /// In how long each UDP worker ends a round, if it works and has nothing to do.
  package static let longestIdleRound = BoundSocket.longestWait

  /// How often each UDP worker has received and answered a batch, empty ones included.
  package var udpRounds: [Int] { workers.map { $0.counters.rounds.count } }

  /// Returns when each event loop of TCP has found time for this.
  package func waitForTCPLoops() async {
    guard case .running(let tcp) = state.withLock({ $0 }) else { return }
    await tcp.waitForLoops()
  }

  private func stopWorkers() async {
    await SystemThread.join(workers.compactMap { $0.stop() })
    for worker in workers { worker.socket.close() }
  }
}
