// The HTTP connections of all listeners, and who has to go when there are too many.
//
// An attacker can open connections faster than any client, so at the limit somebody has to go, and
// it should not be a client that behaves. First go those that do not take their replies, then
// those that never sent a whole request while these are more than half, then those that are idle
// between two; of each kind the one that has waited longest. A client that is kept from closing
// nobody who is being answered gets 503 and comes again.

import DNSWire
import NIOCore
import Synchronization

/// One connection as the other loops see it.
final class HTTPClient: Sendable {
  enum Phase: UInt8 {
    /// For a request, or for the rest of one.
    case waiting
    case beingAnswered
    /// The reply is written, and not all of it is on its way.
    case sending
  }

  /// Nil for this machine's own, which have no limit of theirs.
  let network: AddressPrefix?
  /// Has the connection's own loop close it unless it is being answered by then.
  let yield: @Sendable (HTTPCloseReason) -> Void
  private let state: Atomic<UInt64>

  init(
    address: IPAddress?, now: NIODeadline, yield: @escaping @Sendable (HTTPCloseReason) -> Void
  ) {
    network = address.flatMap { $0.isLoopback ? nil : AddressPrefix(ofClient: $0) }
    self.yield = yield
    state = Atomic(Self.word(.waiting, wasAnswered: false, since: now))
  }

  /// Only the connection's own loop sets it.
  func set(_ phase: Phase, since now: NIODeadline) {
    let wasAnswered = phase != .waiting || view.wasAnswered
    state.store(Self.word(phase, wasAnswered: wasAnswered, since: now), ordering: .relaxed)
  }

  var view: (phase: Phase, wasAnswered: Bool, since: NIODeadline) {
    let word = state.load(ordering: .relaxed)
    return (
      Phase(rawValue: UInt8(word & 3)) ?? .waiting, word & 4 != 0, .uptimeNanoseconds(word >> 3)
    )
  }

  /// How soon it goes when others want its place, 0 first; nil while it must not.
  func rank(at now: NIODeadline, _ limits: HTTPConnectionLimits) -> Int? {
    let view = view
    switch view.phase {
    case .beingAnswered: return nil
    case .sending:
      return view.since + .seconds(Int64(limits.graceSeconds)) <= now ? 0 : nil
    case .waiting: return view.wasAnswered ? 2 : 1
    }
  }

  private static func word(_ phase: Phase, wasAnswered: Bool, since: NIODeadline) -> UInt64 {
    since.uptimeNanoseconds << 3 | (wasAnswered ? 4 : 0) | UInt64(phase.rawValue)
  }
}

/// All connections under one lock, which is taken when one comes or goes or when a client stops or
/// begins to take its reply, never for a request.
final class HTTPConnections: Sendable {
  enum Admission: Equatable {
    case admitted
    /// It is one too many, and is told so if it sends a request.
    case surplus
    case refused(HTTPCloseReason)
  }

  fileprivate struct Table {
    var clients: [ObjectIdentifier: HTTPClient] = [:]
    var surplus = 0
    var countByNetwork: [AddressPrefix: Int] = [:]
    /// Those who watch are no ``clients`` meanwhile.
    var watchers: Set<ObjectIdentifier> = []
    var watchersByNetwork: [AddressPrefix: Int] = [:]
    var unsent: [ObjectIdentifier: (client: HTTPClient, octets: Int)] = [:]
    var counters = HTTPConnectionCounters()
  }

  let limits: HTTPConnectionLimits
  private let table = Mutex(Table())
  private let receivedOctets = Atomic(0)
  private let sentOctets = Atomic(0)

  init(limits: HTTPConnectionLimits) {
    self.limits = limits
  }

  var counters: HTTPConnectionCounters {
    var counters = table.withLock(\.counters)
    counters.receivedOctets = receivedOctets.load(ordering: .relaxed)
    counters.sentOctets = sentOctets.load(ordering: .relaxed)
    return counters
  }

  func noteReceived(_ octets: Int) {
    receivedOctets.add(octets, ordering: .relaxed)
  }

  func noteSent(_ octets: Int) {
    sentOctets.add(octets, ordering: .relaxed)
  }

  /// Counts `client` in. Another one may be closed for it.
  func admit(_ client: HTTPClient, now: NIODeadline) -> Admission {
    let (admission, goes) = table.withLock { table in
      table.counters.accepted += 1
      table.counters.open += 1
      return table.admit(client, limits, now: now)
    }
    for (client, reason) in goes { client.yield(reason) }
    return admission
  }

  /// Takes back one that was to be closed and is being answered by now.
  func keep(_ client: HTTPClient) {
    table.withLock { $0.insert(client) }
  }

  /// Counts `client`, which is being answered, among the watchers until ``endWatching(_:)``.
  ///
  /// - Returns: the limit that this would pass; then it is no watcher.
  func beginWatching(_ client: HTTPClient) -> Int? {
    table.withLock { $0.beginWatching(client, limits) }
  }

  /// The connection goes on with other requests.
  func endWatching(_ client: HTTPClient) {
    table.withLock { table in
      if table.removeWatcher(client) { table.insert(client) }
    }
  }

  /// Counts a closed connection out, whatever became of it.
  func remove(_ client: HTTPClient, wasSurplus: Bool, _ reason: HTTPCloseReason) {
    table.withLock { table in
      table.remove(client)
      _ = table.removeWatcher(client)
      if wasSurplus { table.surplus -= 1 }
      table.setUnsent(0, of: client)
      table.counters.open -= 1
      table.counters.closed[reason, default: 0] += 1
    }
  }

  /// Notes that `client` has so much of its reply still to take.
  func setUnsent(_ octets: Int, of client: HTTPClient) {
    let goes = table.withLock { table in
      table.setUnsent(octets, of: client)
      return table.takeLongestUnsent(beyond: limits.unsentOctets)
    }
    for client in goes { client.yield(.unsentLimit) }
  }
}

extension HTTPConnections.Table {
  /// - Returns: what becomes of the new one, and who goes for it.
  mutating func admit(
    _ client: HTTPClient, _ limits: HTTPConnectionLimits, now: NIODeadline
  ) -> (HTTPConnections.Admission, [(HTTPClient, HTTPCloseReason)]) {
    var goes: [(HTTPClient, HTTPCloseReason)] = []
    if let network = client.network,
      countByNetwork[network, default: 0] >= limits.fromOneAddress
    {
      // Its own go for it: others need not suffer, and whoever shares an address is still served.
      guard let own = longestWaiting(at: now, limits, from: network) else {
        return (.refused(.addressLimit), goes)
      }
      remove(own)
      goes.append((own, .addressLimit))
    }
    while clients.count >= limits.connections {
      guard let longest = longestWaiting(at: now, limits) else {
        guard surplus < limits.surplus else { return (.refused(.overload), goes) }
        surplus += 1
        return (.surplus, goes)
      }
      remove(longest)
      goes.append((longest, .connectionLimit))
    }
    insert(client)
    return (.admitted, goes)
  }

  mutating func beginWatching(_ client: HTTPClient, _ limits: HTTPConnectionLimits) -> Int? {
    guard watchers.count < limits.watchers else { return limits.watchers }
    if let network = client.network {
      guard watchersByNetwork[network, default: 0] < limits.watchersFromOneAddress else {
        return limits.watchersFromOneAddress
      }
      watchersByNetwork[network, default: 0] += 1
    }
    remove(client)
    watchers.insert(ObjectIdentifier(client))
    return nil
  }

  /// - Returns: whether it was one.
  mutating func removeWatcher(_ client: HTTPClient) -> Bool {
    guard watchers.remove(ObjectIdentifier(client)) != nil else { return false }
    if let network = client.network, let count = watchersByNetwork[network] {
      watchersByNetwork[network] = count > 1 ? count - 1 : nil
    }
    return true
  }

  mutating func insert(_ client: HTTPClient) {
    guard !watchers.contains(ObjectIdentifier(client)) else { return }
    clients[ObjectIdentifier(client)] = client
    if let network = client.network { countByNetwork[network, default: 0] += 1 }
  }

  /// Does nothing for a client that is not in the table.
  mutating func remove(_ client: HTTPClient) {
    guard clients.removeValue(forKey: ObjectIdentifier(client)) != nil,
      let network = client.network
    else { return }
    let count = countByNetwork[network, default: 0]
    countByNetwork[network] = count > 1 ? count - 1 : nil
  }

  /// A scan: it happens only at a limit, which bounds it.
  func longestWaiting(
    at now: NIODeadline, _ limits: HTTPConnectionLimits, from network: AddressPrefix? = nil
  ) -> HTTPClient? {
    var longest: [Int: (client: HTTPClient, since: NIODeadline)] = [:]
    var newcomers = 0
    for client in clients.values where network == nil || client.network == network {
      guard let rank = client.rank(at: now, limits) else { continue }
      if rank == 1 { newcomers += 1 }
      let since = client.view.since
      if let other = longest[rank], other.since <= since { continue }
      longest[rank] = (client, since)
    }
    // Half the places are newcomers' whatever happens: who held all others with idle connections
    // would else have each of them closed by the next.
    let places = (network == nil ? limits.connections : limits.fromOneAddress) / 2
    let order = newcomers > places ? [0, 1, 2] : [0, 2, 1]
    return order.lazy.compactMap { longest[$0]?.client }.first
  }

  mutating func setUnsent(_ octets: Int, of client: HTTPClient) {
    let before = unsent[ObjectIdentifier(client)]?.octets ?? 0
    unsent[ObjectIdentifier(client)] = octets > 0 ? (client, octets) : nil
    counters.unsentOctets += octets - before
  }

  mutating func takeLongestUnsent(beyond limit: Int) -> [HTTPClient] {
    var goes: [HTTPClient] = []
    while counters.unsentOctets > limit,
      let longest = unsent.values.min(by: { $0.client.view.since < $1.client.view.since })
    {
      setUnsent(0, of: longest.client)
      goes.append(longest.client)
    }
    return goes
  }
}
