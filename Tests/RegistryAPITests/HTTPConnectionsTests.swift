// Who has to go when there are too many HTTP connections.

import DNSWire
import NIOCore
import Synchronization
import Testing

@testable import RegistryAPI

@Suite("HTTP connections: who goes") struct HTTPConnectionsTests {
  /// Connections that were told to go, in order.
  private final class Gone: Sendable {
    let names = Mutex<[String]>([])
  }

  private let gone = Gone()

  private func time(_ seconds: Int64) -> NIODeadline {
    .uptimeNanoseconds(UInt64(1_000 + seconds) * 1_000_000_000)
  }

  private func client(
    _ name: String, at seconds: Int64, from address: String = "198.51.100.1"
  ) -> HTTPClient {
    HTTPClient(address: IPAddress(address), now: time(seconds)) { [gone] reason in
      gone.names.withLock { $0.append("\(name) \(reason.rawValue)") }
    }
  }

  private func connections(
    _ count: Int, fromOneAddress: Int = 100, surplus: Int = 0, unsent: Int = 1_000
  ) -> HTTPConnections {
    var limits = HTTPConnectionLimits()
    limits.connections = count
    limits.fromOneAddress = fromOneAddress
    limits.surplus = surplus
    limits.unsentOctets = unsent
    return HTTPConnections(limits: limits)
  }

  private func expectGone(_ names: String..., at place: SourceLocation = #_sourceLocation) {
    gone.names.withLock { #expect($0 == names, sourceLocation: place) }
  }

  @Test("The defaults are those of the documentation")
  func defaults() {
    let limits = HTTPConnectionLimits()
    #expect((limits.connections, limits.surplus, limits.fromOneAddress) == (1_000, 100, 100))
    #expect((limits.sendSeconds, limits.graceSeconds) == (30, 2))
    #expect(limits.unsentOctets == 64 << 20)
    #expect((limits.watchers, limits.watchersFromOneAddress) == (20_000, 2_000))
    #expect((limits.watcherUnsentOctets, limits.heartbeatSeconds) == (1 << 20, 15))
  }

  @Test("A watcher leaves its place to another connection, and takes one again afterwards")
  func watcherPlaces() {
    let connections = connections(1)
    let watcher = client("watcher", at: 0)
    #expect(connections.admit(watcher, now: time(0)) == .admitted)
    #expect(connections.beginWatching(watcher) == nil)
    let idle = client("idle", at: 1)
    #expect(connections.admit(idle, now: time(1)) == .admitted)
    expectGone()
    connections.endWatching(watcher)
    #expect(connections.admit(client("new", at: 2), now: time(2)) == .admitted)
    // There were two for one place.
    expectGone("watcher connection_limit", "idle connection_limit")
  }

  @Test("There are only so many watchers, in all and from one address; who is closed is none")
  func watcherLimits() {
    var limits = HTTPConnectionLimits()
    limits.watchers = 3
    limits.watchersFromOneAddress = 2
    let connections = HTTPConnections(limits: limits)
    let clients = (1...6).map { number in
      let client = client("\(number)", at: 0, from: number < 4 ? "192.0.2.1" : "127.0.0.1")
      #expect(connections.admit(client, now: time(0)) == .admitted)
      return client
    }
    #expect(clients[..<2].map(connections.beginWatching) == [nil, nil])
    #expect(connections.beginWatching(clients[2]) == 2)
    #expect(clients[3...].map(connections.beginWatching) == [nil, 3, 3])
    connections.remove(clients[0], wasSurplus: false, .ended)
    connections.endWatching(clients[0])
    #expect(connections.beginWatching(clients[2]) == nil)
    connections.endWatching(clients[1])
    #expect(connections.beginWatching(clients[4]) == nil)
    #expect(connections.beginWatching(clients[5]) == 3)
  }

  @Test("One too many closes the one that has waited longest without having sent a request")
  func longestWaiting() {
    let connections = connections(3)
    let idle = client("idle", at: 0)
    let second = client("second", at: 2)
    let first = client("first", at: 1)
    for client in [idle, second, first] {
      #expect(connections.admit(client, now: time(3)) == .admitted)
    }
    idle.set(.beingAnswered, since: time(0))
    idle.set(.waiting, since: time(0))
    #expect(connections.admit(client("third", at: 4), now: time(4)) == .admitted)
    expectGone("first connection_limit")
    #expect(connections.admit(client("fourth", at: 5), now: time(5)) == .admitted)
    expectGone("first connection_limit", "second connection_limit")
  }

  @Test("Newcomers have half the places, whoever holds all others with idle connections")
  func newcomersHaveRoom() {
    let connections = connections(4)
    for number in 1...4 {
      let idle = client("idle \(number)", at: Int64(number))
      _ = connections.admit(idle, now: time(5))
      idle.set(.beingAnswered, since: time(Int64(number)))
      idle.set(.waiting, since: time(Int64(number)))
    }
    for number in 1...4 {
      _ = connections.admit(client("new \(number)", at: 5 + Int64(number)), now: time(10))
    }
    expectGone(
      "idle 1 connection_limit", "idle 2 connection_limit", "idle 3 connection_limit",
      "new 1 connection_limit")
  }

  @Test("Of those that are idle between two requests the one idle longest goes")
  func longestIdle() {
    let connections = connections(2)
    let clients = [client("late", at: 0), client("early", at: 1)]
    for (client, since) in zip(clients, [9, 8] as [Int64]) {
      _ = connections.admit(client, now: time(2))
      client.set(.beingAnswered, since: time(2))
      client.set(.waiting, since: time(since))
    }
    #expect(connections.admit(client("new", at: 10), now: time(10)) == .admitted)
    expectGone("early connection_limit")
  }

  @Test("None that is being answered goes: a new one gets 503, and beyond that is closed")
  func allBusy() {
    let connections = connections(2, surplus: 1)
    let busy = [client("a", at: 0), client("b", at: 0)]
    for client in busy {
      _ = connections.admit(client, now: time(0))
      client.set(.beingAnswered, since: time(0))
    }
    let surplus = client("surplus", at: 50)
    #expect(connections.admit(surplus, now: time(50)) == .surplus)
    #expect(connections.admit(client("more", at: 50), now: time(50)) == .refused(.overload))
    connections.remove(surplus, wasSurplus: true, .overload)
    #expect(connections.admit(client("again", at: 51), now: time(51)) == .surplus)
    busy[0].set(.waiting, since: time(52))
    #expect(connections.admit(client("new", at: 53), now: time(53)) == .admitted)
    expectGone("a connection_limit")
  }

  @Test("A client that does not take its reply goes first, after two seconds")
  func notTaking() {
    let connections = connections(2)
    let (slow, waiting) = (client("slow", at: 0), client("waiting", at: 0))
    for client in [slow, waiting] { _ = connections.admit(client, now: time(0)) }
    slow.set(.sending, since: time(10))
    #expect(connections.admit(client("c", at: 11), now: time(11)) == .admitted)
    expectGone("waiting connection_limit")
    #expect(connections.admit(client("d", at: 12), now: time(12)) == .admitted)
    expectGone("waiting connection_limit", "slow connection_limit")
  }

  @Test("At the limit of one address its own go, and others are let in")
  func oneAddress() {
    let connections = connections(10, fromOneAddress: 2)
    let own = [client("a", at: 1), client("b", at: 0)]
    for client in own { _ = connections.admit(client, now: time(1)) }
    #expect(connections.admit(client("c", at: 2), now: time(2)) == .admitted)
    expectGone("b address_limit")
    own[0].set(.beingAnswered, since: time(2))
    #expect(connections.admit(client("d", at: 3), now: time(3)) == .admitted)
    expectGone("b address_limit", "c address_limit")
    let other = client("other", at: 3, from: "198.51.100.2")
    #expect(connections.admit(other, now: time(3)) == .admitted)
    expectGone("b address_limit", "c address_limit")

    let sixes = self.connections(10, fromOneAddress: 2)
    for end in 1...3 {
      let six = client("six \(end)", at: Int64(end), from: "2001:db8:1:2::\(end)")
      #expect(sixes.admit(six, now: time(3)) == .admitted)
    }
    expectGone("b address_limit", "c address_limit", "six 1 address_limit")

    let busy = self.connections(10, fromOneAddress: 1)
    let answered = client("answered", at: 0)
    _ = busy.admit(answered, now: time(0))
    answered.set(.beingAnswered, since: time(0))
    #expect(busy.admit(client("e", at: 1), now: time(1)) == .refused(.addressLimit))
  }

  @Test("Loopback addresses have no limit of their own", arguments: ["127.0.0.1", "::1"])
  func loopback(address: String) {
    let connections = connections(10, fromOneAddress: 1)
    for number in 0..<10 {
      let client = client("\(number)", at: 0, from: address)
      #expect(connections.admit(client, now: time(0)) == .admitted)
    }
    expectGone()
  }

  @Test("Beyond the octets that are not taken, those that take longest go until it is within")
  func unsent() {
    let connections = connections(10, unsent: 100)
    let clients = (0..<4).map { client("\($0)", at: 0) }
    for (client, since) in zip(clients, [4, 2, 3, 1] as [Int64]) {
      _ = connections.admit(client, now: time(0))
      client.set(.sending, since: time(since))
    }
    for client in clients[..<3] { connections.setUnsent(30, of: client) }
    connections.setUnsent(10, of: clients[3])
    expectGone()
    #expect(connections.counters.unsentOctets == 100)
    connections.setUnsent(0, of: clients[3])
    connections.setUnsent(45, of: clients[3])
    expectGone("3 unsent_limit")
    connections.setUnsent(71, of: clients[0])
    expectGone("3 unsent_limit", "1 unsent_limit", "2 unsent_limit")
    connections.remove(clients[0], wasSurplus: false, .ended)
    #expect(connections.counters.unsentOctets == 0)
  }

  @Test("What came, is open and went is counted")
  func counters() {
    let connections = connections(1)
    let (first, second) = (client("a", at: 0), client("b", at: 1))
    _ = connections.admit(first, now: time(0))
    _ = connections.admit(second, now: time(1))
    connections.remove(first, wasSurplus: false, .connectionLimit)
    var counters = HTTPConnectionCounters(
      accepted: 2, open: 1, closed: [.connectionLimit: 1], unsentOctets: 0)
    #expect(connections.counters == counters)
    connections.remove(second, wasSurplus: false, .ended)
    counters.open = 0
    counters.closed[.ended] = 1
    #expect(connections.counters == counters)
  }

  @Test("One that was to go and has a request by then stays in, and the next one finds room")
  func kept() {
    let connections = connections(2)
    let (late, idle) = (client("late", at: 0), client("idle", at: 1))
    for client in [late, idle] { _ = connections.admit(client, now: time(1)) }
    _ = connections.admit(client("c", at: 2), now: time(2))
    expectGone("late connection_limit")
    late.set(.beingAnswered, since: time(2))
    connections.keep(late)
    _ = connections.admit(client("d", at: 3), now: time(3))
    expectGone("late connection_limit", "idle connection_limit", "c connection_limit")
  }
}
