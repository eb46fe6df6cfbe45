// When what was learned of services still counts.

import DNSWire
import Testing

@testable import RollcallClient

@Suite("What was learned of a service")
struct DirectoryCacheTests {
  private let start = ContinuousClock.now
  private let name = DomainName.root
  private let endpoint = Endpoint(address: "10.0.0.1", port: 80, host: "w")
  private let error = RollcallError(.noAnswer, "nobody answers")

  private func cache(ttl: UInt32, staleFor: Duration = .seconds(3_600)) -> DirectoryCache {
    var cache = DirectoryCache(staleFor: staleFor, nameLimit: 10)
    cache.store(
      ServiceAnswer(content: .instances([endpoint]), ttl: ttl), of: name, askedAt: start)
    return cache
  }

  private func look(_ cache: DirectoryCache, at seconds: Double) -> String {
    var cache = cache
    return switch cache.look(up: name, at: start + .seconds(seconds)) {
    case .fresh(_, let isDue): isDue ? "fresh, due" : "fresh"
    case .stale(_, let isDue): isDue ? "stale, due" : "stale"
    case .failed: "failed"
    case .absent: "absent"
    }
  }

  @Test("counts for its TTL and is due when four fifths of it are over")
  func timeToLive() {
    let cache = cache(ttl: 10)
    #expect(look(cache, at: 7.999) == "fresh")
    #expect(look(cache, at: 8) == "fresh, due")
    #expect(look(cache, at: 9.999) == "fresh, due")
    #expect(look(cache, at: 10) == "absent")
  }

  @Test("does not count with TTL 0")
  func noTimeToLive() {
    #expect(look(cache(ttl: 0), at: 0) == "absent")
  }

  @Test("counts for a day, however long its TTL is")
  func limit() {
    let cache = cache(ttl: 1_000_000)
    #expect(look(cache, at: 86_399) == "fresh, due")
    #expect(look(cache, at: 86_400) == "absent")
  }

  @Test("serves while no server answers, asked for again each second, for as long as is set")
  func stale() {
    var cache = cache(ttl: 10, staleFor: .seconds(100))
    let news = (1...2).map { _ in cache.noteFailure(error, of: name, at: start + .seconds(9)) }
    #expect(news == [true, false])
    #expect(look(cache, at: 9.5) == "fresh")
    #expect(look(cache, at: 10) == "stale, due")
    cache.noteFailure(nil, of: name, at: start + .seconds(10))
    #expect(look(cache, at: 10.999) == "stale")
    #expect(look(cache, at: 11) == "stale, due")
    #expect(look(cache, at: 109.999) == "stale, due")
    #expect(look(cache, at: 110) == "absent")
  }

  @Test("is not that it is unknown, once that has run out")
  func staleAbsence() {
    var cache = DirectoryCache(staleFor: .seconds(100), nameLimit: 10)
    cache.store(ServiceAnswer(content: .unknown, ttl: 1), of: name, askedAt: start)
    cache.noteFailure(error, of: name, at: start + .seconds(1))
    #expect(look(cache, at: 1) == "failed")
    #expect(cache.lastKnown(name, at: start + .seconds(1)) == nil)
  }

  @Test("is for a second that nobody answers, where nothing else is known")
  func failure() {
    var cache = DirectoryCache(staleFor: .seconds(100), nameLimit: 10)
    cache.noteFailure(nil, of: name, at: start)
    #expect(look(cache, at: 0) == "absent")
    cache.noteFailure(error, of: name, at: start)
    #expect(look(cache, at: 0.999) == "failed")
    #expect(look(cache, at: 1) == "absent")
    let isBack = cache.store(
      ServiceAnswer(content: .instances([]), ttl: 5), of: name, askedAt: start + .seconds(2))
    #expect(isBack)
    #expect(look(cache, at: 2) == "fresh")
  }

  @Test("goes when there is more than the limit, the least recently used first")
  func forgetting() throws {
    var cache = DirectoryCache(staleFor: .zero, nameLimit: 2)
    let names = try ["a", "b", "c"].map { try DomainName($0) }
    let answer = ServiceAnswer(content: .unknown, ttl: 5)
    for name in names.prefix(2) { cache.store(answer, of: name, askedAt: start) }
    _ = cache.look(up: names[0], at: start)
    cache.store(answer, of: names[2], askedAt: start)
    #expect(cache.count == 2)
    guard case .absent = cache.look(up: names[1], at: start) else {
      Issue.record("the least recently used is still there")
      return
    }
  }
}
