// How many replies a network may get: the rule, the table, and what is told of it.

import DNSWire
import TestSupport
import Testing

@testable import DNSZone

@Suite("Response rate limiting: the rule")
struct RateLimitTests {
  static let second: BootTime = 1_000_000_000

  /// Replies that one network gets at these times.
  private func granted(_ perSecond: Int, at times: [BootTime]) -> Int {
    let allowance = ReplyAllowance(perSecond: perSecond)
    var end = ReplyAllowance.moment(times[0])
    var count = 0
    for time in times {
      guard let next = allowance.adding(to: end, now: ReplyAllowance.moment(time)) else { continue }
      end = next
      count += 1
    }
    return count
  }

  @Test(
    "a quiet network gets a second's worth at once, and no reply more",
    arguments: [1, 2, 3, 7, 200, 1_000, 99_999, RateLimit.perSecondLimit])
  func burst(perSecond: Int) {
    for start in [0, 12_345 * Self.second, BootTime.max / 2] {
      #expect(granted(perSecond, at: Array(repeating: start, count: perSecond + 10)) == perSecond)
    }
  }

  @Test("after the burst replies go on at the rate", arguments: [1, 10, 200, 1_000])
  func sustained(perSecond: Int) {
    // Ten times the rate for twenty seconds.
    let times = (0..<perSecond * 200).map { BootTime($0) * Self.second / BootTime(perSecond * 10) }
    let expected = perSecond + perSecond * 20
    #expect((expected - 1...expected + 1).contains(granted(perSecond, at: times)))
  }

  @Test("whoever keeps to the rate is never limited")
  func withinRate() {
    let times = (0..<50_000).map { BootTime($0) * Self.second / 1_000 }
    #expect(granted(1_000, at: times) == times.count)
  }

  @Test("what is worked off is granted again, in part or as a whole")
  func workedOff() {
    func twoBursts(pause: BootTime) -> Int {
      let first = [BootTime](repeating: 0, count: 200)
      return granted(100, at: first + [BootTime](repeating: pause, count: 200)) - 100
    }
    #expect(twoBursts(pause: 0) == 0)
    #expect(twoBursts(pause: Self.second / 100 - 64) == 0)
    #expect(twoBursts(pause: Self.second / 100) == 1)
    #expect(twoBursts(pause: Self.second / 2) == 50)
    #expect(twoBursts(pause: Self.second) == 100)
    #expect(twoBursts(pause: 3_600 * Self.second) == 100)
    // A little more than the time after which moments come round.
    #expect(twoBursts(pause: 64 << 40 + 4 * Self.second) == 100)
  }

  @Test("a thread whose time is a little behind changes nothing")
  func otherThread() {
    let times = [BootTime](repeating: Self.second, count: 100)
    let behind = [BootTime](repeating: Self.second - 900_000_000, count: 100)
    #expect(granted(100, at: times + behind) == 100)
  }

  // MARK: The table

  private func prefix(_ text: String) throws -> AddressPrefix { try #require(AddressPrefix(text)) }

  @Test("networks are told apart: IPv4 by 24 bits, IPv6 by 56")
  func networks() throws {
    for (one, other, isSame) in [
      ("192.0.2.1", "192.0.2.255", true), ("192.0.2.1", "192.0.3.1", false),
      ("2001:db8:0:1ff::1", "2001:db8:0:100::", true),
      ("2001:db8:0:1ff::1", "2001:db8:0:200::", false),
      ("0.0.0.1", "::1", false),
    ] {
      let limiter = RateLimiter(RateLimit(perSecond: 10, slip: 1, exempt: []))
      let tally = limiter.makeTally()
      let (one, other) = (try #require(IPAddress(one)), try #require(IPAddress(other)))
      for _ in 0..<10 { #expect(limiter.judge(one, at: 0, tally) == .withinRate) }
      #expect(limiter.judge(one, at: 0, tally) == .short)
      #expect((limiter.judge(other, at: 0, tally) == .short) == isSame, "\(one) \(other)")
    }
  }

  @Test("a network beyond its rate stays so while a forger makes up many others")
  func manyNetworks() throws {
    let limiter = RateLimiter(RateLimit(perSecond: 100, slip: 1, exempt: []))
    let limited = try prefix("198.51.100.0/24")
    for _ in 0..<100 { #expect(limiter.take(limited, at: 0)) }
    var random = SeededRandom(seed: 1)
    for number in 0..<300_000 {
      let octets = withUnsafeBytes(of: random.next()) { Array($0.prefix(3)) } + [0]
      let network = AddressPrefix(of: try #require(IPAddress(octets: octets)), length: 24)
      // No other network is limited in its stead.
      if network != limited { #expect(limiter.take(network, at: 0), "\(number)") }
    }
    #expect(!limiter.take(limited, at: 0))
  }

  @Test("four threads together grant as much as one")
  func threads() throws {
    let limiter = RateLimiter(RateLimit(perSecond: 10_000, slip: 1, exempt: []))
    let network = try prefix("198.51.100.0/24")
    let counts = runThreads(4) { _ in
      (0..<10_000).count { _ in limiter.take(network, at: 0) }
    }
    #expect(counts.reduce(0, +) == 10_000)
  }

  // MARK: Short replies

  @Test("of the limited replies each n-th is sent short", arguments: [0, 1, 2, 3, 10])
  func slip(every: Int) throws {
    let limiter = RateLimiter(RateLimit(perSecond: 1, slip: every, exempt: []))
    let tally = limiter.makeTally()
    let client = try #require(IPAddress("192.0.2.1"))
    #expect(limiter.judge(client, at: 0, tally) == .withinRate)
    for number in 1...60 {
      let isShort = every > 0 && number % every == 0
      #expect(limiter.judge(client, at: 0, tally) == (isShort ? .short : .silence))
    }
    let short = every > 0 ? 60 / every : 0
    #expect(limiter.counters == RateLimitCounters(dropped: 60 - short, slipped: short))
  }

  // MARK: What is told

  @Test("a network is told of when it begins to be limited, and ten quiet seconds after its last")
  func news() throws {
    var networks = LimitedNetworks()
    let network = try prefix("192.0.2.0/24")
    #expect(networks.news(at: 0).isEmpty)
    networks.note(network, at: 1 * Self.second)
    networks.note(network, at: 2 * Self.second)
    #expect(networks.news(at: 2 * Self.second) == [.began(network)])
    networks.note(network, at: 8 * Self.second)
    #expect(networks.news(at: 18 * Self.second - 1).isEmpty)
    #expect(networks.news(at: 18 * Self.second) == [.ended(network, seconds: 7)])
    #expect(networks.news(at: 19 * Self.second).isEmpty)
    networks.note(network, at: 20 * Self.second)
    #expect(networks.news(at: 20 * Self.second) == [.began(network)])
  }

  @Test("of a flood from many networks sixteen are told of, and later others")
  func manyLimited() throws {
    var networks = LimitedNetworks()
    let all = try (0..<40).map { try prefix("10.0.\($0).0/24") }
    for network in all { networks.note(network, at: 0) }
    #expect(networks.news(at: 0) == all[..<16].map { .began($0) })
    for network in all { networks.note(network, at: 1) }
    #expect(networks.news(at: 1).isEmpty)
    #expect(networks.news(at: 11 * Self.second).count == 16)
    for network in all[16...] { networks.note(network, at: 12 * Self.second) }
    #expect(networks.news(at: 12 * Self.second) == all[16..<32].map { .began($0) })
  }
}
