// Whose turn it is among the instances of a service.

import RollcallClient
import TestSupport
import Testing

@Suite("The turns of a mesh's instances")
struct MeshPoolTests {
  private static func endpoints(
    _ numbers: some Sequence<Int>, weight: (Int) -> Int = { _ in 1 },
    priority: (Int) -> Int = { _ in 0 }
  ) -> [Endpoint] {
    numbers.map {
      Endpoint(
        address: "192.0.2.\($0)", port: 80, host: "i\($0).web", weight: weight($0),
        priority: priority($0))
    }
  }

  /// A pool whose calls all succeed at once.
  private final class Caller {
    var pool: EndpointPool
    var random = SeededRandom(seed: 1)
    var now = Duration.zero

    init(_ endpoints: [Endpoint], _ balancing: Balancing = .roundRobin) {
      pool = EndpointPool(balancing, EjectionSettings())
      pool.update(endpoints, at: .zero)
    }

    func choose(_ wish: EndpointPool.Wish = .first(isRepeatable: true)) throws
      -> EndpointPool.Choice
    {
      let choice = pool.choose(wish, at: now, using: &random)
      return try #require(choice)
    }

    func call(_ wish: EndpointPool.Wish = .first(isRepeatable: true)) throws -> String {
      let choice = try choose(wish)
      _ = pool.finish(choice, .success, at: now)
      return choice.endpoint.host
    }

    func calls(_ count: Int) throws -> [String] {
      try (0..<count).map { _ in try call() }
    }
  }

  private static func counts(_ hosts: [String]) -> [String: Int] {
    hosts.reduce(into: [:]) { $0[$1, default: 0] += 1 }
  }

  @Test("The directory's order is the order of the first turns")
  func order() throws {
    let caller = Caller(Self.endpoints([3, 1, 2]))
    #expect(
      try caller.calls(6) == ["i3.web", "i1.web", "i2.web", "i3.web", "i1.web", "i2.web"])
  }

  @Test("In any n turns each of n instances comes once", arguments: [1, 2, 7, 20])
  func exact(count: Int) throws {
    let caller = Caller(Self.endpoints(1...count))
    let hosts = try caller.calls(count * 5)
    for start in 0...(count * 4) {
      #expect(Set(hosts[start..<(start + count)]).count == count)
    }
  }

  @Test("The same set in another order changes nothing")
  func refresh() throws {
    let caller = Caller(Self.endpoints(1...5))
    var hosts: [String] = []
    for turn in 0..<25 {
      hosts.append(try caller.call())
      caller.pool.update(Self.endpoints((1...5).shuffled(using: &caller.random)), at: .zero)
      #expect(Set(hosts.suffix(5)).count == min(turn + 1, 5))
    }
  }

  @Test("In any run as long as the weights add up to, each has its share")
  func weights() throws {
    let caller = Caller(Self.endpoints(1...3, weight: { [0, 1, 2, 5][$0] }))
    let hosts = try caller.calls(40)
    for start in 0...32 {
      #expect(
        Self.counts(Array(hosts[start..<(start + 8)]))
          == ["i1.web": 1, "i2.web": 2, "i3.web": 5])
    }
  }

  @Test("One that is new gets its share at once, and no more")
  func joining() throws {
    let caller = Caller(Self.endpoints(1...4))
    _ = try caller.calls(10)
    caller.pool.update(Self.endpoints(1...5), at: .zero)
    let counts = Self.counts(try caller.calls(50))
    #expect(counts.count == 5)
    #expect(counts.values.allSatisfy { (9...11).contains($0) })
  }

  @Test("One that has left gets nothing, and what it still had under way does no harm")
  func leaving() throws {
    let caller = Caller(Self.endpoints(1...3))
    let choice = try caller.choose()
    caller.pool.update(Self.endpoints(2...3), at: .zero)
    let change = caller.pool.finish(choice, .failure(retryAfter: nil), at: .zero)
    #expect(change == nil)
    #expect(Self.counts(try caller.calls(10)) == ["i2.web": 5, "i3.web": 5])
  }

  @Test("An instance that the directory names twice is one")
  func twice() throws {
    let caller = Caller(Self.endpoints([1, 2, 1]))
    #expect(Self.counts(try caller.calls(10)) == ["i1.web": 5, "i2.web": 5])
  }

  @Test("Without an instance there is no choice")
  func empty() {
    let caller = Caller([])
    let choice = caller.pool.choose(
      .first(isRepeatable: true), at: .zero, using: &caller.random)
    #expect(choice == nil)
  }

  @Test("The next priority serves only while the better one has none that may be used")
  func priorities() throws {
    let caller = Caller(Self.endpoints(1...4, priority: { $0 == 1 ? 0 : 1 }))
    #expect(Set(try caller.calls(10)) == ["i1.web"])
    for _ in 0..<EjectionSettings().consecutiveFailures {
      let choice = try caller.choose()
      _ = caller.pool.finish(choice, .failure(retryAfter: nil), at: .zero)
    }
    #expect(Set(try caller.calls(10)) == ["i2.web", "i3.web", "i4.web"])
    caller.now = .seconds(3)
    #expect(Set(try caller.calls(10)) == ["i1.web"])
  }

  @Test("A retry goes to any other instance, at random")
  func retries() throws {
    let caller = Caller(Self.endpoints(1...5))
    let first = try caller.choose()
    var hosts: [String] = []
    for _ in 0..<400 { hosts.append(try caller.call(.retry(tried: [first.id]))) }
    let counts = Self.counts(hosts)
    #expect(Set(counts.keys) == ["i2.web", "i3.web", "i4.web", "i5.web"])
    #expect(counts.values.allSatisfy { (60...140).contains($0) })
  }

  @Test("A retry passes over those that had their turn when others still wait for it")
  func retriesAmongOwed() throws {
    for seed in 1...100 {
      let caller = Caller(Self.endpoints(1...4))
      caller.random = SeededRandom(seed: UInt64(seed))
      let (first, _) = (try caller.choose(), try caller.choose())
      let host = try caller.call(.retry(tried: [first.id]))
      #expect(["i3.web", "i4.web"].contains(host))
    }
  }

  @Test("Turns after random retries even them out")
  func evening() throws {
    let caller = Caller(Self.endpoints(1...10))
    var hosts: [String] = []
    for _ in 0..<1_000 {
      let first = try caller.choose()
      _ = caller.pool.finish(first, .success, at: .zero)
      hosts.append(first.endpoint.host)
      if Int.random(in: 0..<3, using: &caller.random) == 0 {
        hosts.append(try caller.call(.retry(tried: [first.id])))
      }
    }
    let even = Double(hosts.count) / 10
    #expect(Self.counts(hosts).values.allSatisfy { abs(Double($0) - even) < 6 })
  }

  @Test("When all were tried, another one than the last is tried again; the only one too")
  func exhausted() throws {
    let caller = Caller(Self.endpoints(1...2))
    let (one, two) = (try caller.choose(), try caller.choose())
    for _ in 0..<10 {
      #expect(try caller.call(.retry(tried: [one.id, two.id])) == one.endpoint.host)
    }
    let alone = Caller(Self.endpoints(1...1))
    let only = try alone.choose()
    #expect(try alone.call(.retry(tried: [only.id])) == "i1.web")
  }

  @Test("The least loaded for its weight is chosen, among equals in turn")
  func leastOutstanding() throws {
    let caller = Caller(Self.endpoints(1...3), .leastOutstanding)
    #expect(try caller.calls(6).prefix(3) == ["i1.web", "i2.web", "i3.web"])
    let busy = try caller.choose()
    #expect(!(try caller.calls(20)).contains(busy.endpoint.host))
    _ = caller.pool.finish(busy, .success, at: .zero)
    // Nothing is made up for: each run of three has all of them.
    let hosts = try caller.calls(12)
    for start in stride(from: 0, to: 12, by: 3) {
      #expect(Set(hosts[start..<start + 3]).count == 3, "\(hosts)")
    }
    let weighted = Caller(Self.endpoints(1...2, weight: { $0 == 1 ? 3 : 1 }), .leastOutstanding)
    let chosen = try (0..<8).map { _ in try weighted.choose().endpoint.host }
    #expect(Self.counts(chosen) == ["i1.web": 6, "i2.web": 2])
  }
}
