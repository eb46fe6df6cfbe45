// What clients get of a responder that limits its replies.

import DNSWire
import TestSupport
import Testing

@testable import DNSZone

@Suite("Response rate limiting: replies")
struct LimitedReplyTests {
  static let zone = "@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\nweb A 10.0.0.1"

  private let served = ZoneUnderTest("mesh.internal.", Self.zone)
  private let question = QueryMessage("web.mesh.internal.", .a)
  private let outside: [UInt8] = [198, 51, 100, 7]

  private struct Limited {
    let responder: Responder
    let limiter: RateLimiter

    func ask(
      _ query: QueryMessage, from client: [UInt8], isUDP: Bool = true, at time: BootTime = 0
    ) throws -> Message? {
      let reply = responder.reply(
        to: query.octets, from: client, isUDP: isUDP, at: time, wallSeconds: 50)
      return reply.isEmpty ? nil : try Message(reply)
    }
  }

  private func limited(
    _ perSecond: Int, slip: Int = 1, exempt: [String] = [], allowed: [String] = []
  ) throws -> Limited {
    let exempt = try exempt.map { try #require(AddressPrefix($0)) }
    let limiter = RateLimiter(RateLimit(perSecond: perSecond, slip: slip, exempt: exempt))
    var settings = ResponderSettings.underTest
    settings.rateLimiter = limiter
    settings.allowedClients = try allowed.map { try #require(AddressPrefix($0)) }
    let responder = try #require(Responder(domain: served.domain, settings: settings))
    return Limited(responder: responder, limiter: limiter)
  }

  @Test("beyond the rate a reply is the question with TC, and in the next second whole again")
  func truncated() throws {
    let limited = try limited(5)
    for _ in 0..<5 {
      #expect(try limited.ask(question, from: outside)?.answer.values == ["10.0.0.1"])
    }
    for _ in 0..<10 {
      let reply = try #require(try limited.ask(question, from: outside))
      #expect(reply.isTruncated && reply.code == .noError && reply.question != nil)
      #expect(reply.answer.isEmpty && reply.authority.isEmpty && reply.additional.isEmpty)
      #expect(reply.length == question.octets.count)
    }
    #expect(limited.limiter.counters == RateLimitCounters(dropped: 0, slipped: 10))
    for _ in 0..<5 {
      let reply = try limited.ask(question, from: outside, at: 1_000_000_000)
      #expect(reply?.answer.values == ["10.0.0.1"])
    }
  }

  @Test("with slip 2 every second limited query gets no reply, with 0 each")
  func dropped() throws {
    for (slip, expected) in [(0, 0), (2, 5), (3, 3)] {
      let limited = try limited(1, slip: slip)
      _ = try limited.ask(question, from: outside)
      let replies = try (0..<10).map { _ in try limited.ask(question, from: outside) }
      #expect(replies.count { $0 != nil } == expected)
      let counters = RateLimitCounters(dropped: 10 - expected, slipped: expected)
      #expect(limited.limiter.counters == counters)
    }
  }

  @Test("TCP is never limited and uses up nothing")
  func overTCP() throws {
    let limited = try limited(2)
    for _ in 0..<20 {
      let reply = try limited.ask(question, from: outside, isUDP: false)
      #expect(reply?.answer.values == ["10.0.0.1"])
    }
    for _ in 0..<2 { #expect(try limited.ask(question, from: outside)?.isTruncated == false) }
    #expect(try limited.ask(question, from: outside)?.isTruncated == true)
    #expect(try limited.ask(question, from: outside, isUDP: false)?.isTruncated == false)
  }

  @Test("an exempt network is not limited, and none is where there is no limit")
  func exempt() throws {
    let limited = try limited(1, exempt: ["198.51.100.0/25", "::1"])
    for client in [outside, [UInt8](repeating: 0, count: 15) + [1]] {
      for _ in 0..<50 { #expect(try limited.ask(question, from: client)?.isTruncated == false) }
    }
    let near: [UInt8] = [198, 51, 100, 128]
    #expect(try limited.ask(question, from: near)?.isTruncated == false)
    #expect(try limited.ask(question, from: near)?.isTruncated == true)
    for _ in 0..<2_000 { #expect(served.reply(to: question.octets).count > 40) }
  }

  @Test("a client with a good server cookie is not limited, and a made-up cookie does not help")
  func cookie() throws {
    let limited = try limited(1)
    let own: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
    let bare = question.with { $0.opt = [.init(options: [0, 10, 0, 8] + own)] }
    #expect(try limited.ask(bare, from: outside)?.code == .noError)

    // The limited reply brings a cookie, and the client comes again with it.
    let short = try #require(try limited.ask(bare, from: outside))
    #expect(short.code == .badCookie && short.answer.isEmpty)
    let cookie = try #require(short.opt?.options.first?.data)
    let proven = question.with { $0.opt = [.init(options: [0, 10, 0, 24] + cookie)] }
    for _ in 0..<50 {
      #expect(try limited.ask(proven, from: outside)?.answer.values == ["10.0.0.1"])
    }
    // A second later nothing is used up.
    for _ in 0..<50 { _ = try limited.ask(proven, from: outside, at: 1_000_000_000) }
    #expect(try limited.ask(question, from: outside, at: 1_000_000_000)?.isTruncated == false)

    for client in [outside, [198, 51, 100, 8]] {
      let forged = question.with {
        $0.opt = [.init(options: [0, 10, 0, 24] + own + [UInt8](repeating: 9, count: 16))]
      }
      #expect(try limited.ask(forged, from: client, at: 1_000_000_000)?.code == .badCookie)
    }
    let elsewhere = try limited.ask(proven, from: [198, 51, 100, 8], at: 1_000_000_000)
    #expect(elsewhere?.code == .badCookie)
  }

  @Test("refusals and errors count as any reply does")
  func everyReply() throws {
    let broken = question.with { $0.counts = [2, 0, 0, 0] }
    let notify = question.with { $0.flags = 0x2000 }
    let missing = QueryMessage("none.mesh.internal.", .a)
    for (query, code) in [
      (broken, ResponseCode.formatError), (notify, .notImplemented), (missing, .nameError),
      (QueryMessage("elsewhere.", .a), .refused),
    ] {
      let limited = try limited(3, slip: 0)
      for _ in 0..<3 { #expect(try limited.ask(query, from: outside)?.code == code) }
      #expect(try limited.ask(query, from: outside) == nil)
    }
    let closed = try limited(3, slip: 0, allowed: ["10.0.0.0/8"])
    for _ in 0..<3 { #expect(try closed.ask(question, from: outside)?.code == .refused) }
    #expect(try closed.ask(question, from: outside) == nil)
  }

  @Test("what gets no reply uses up nothing")
  func noReply() throws {
    let limited = try limited(1)
    let response = question.with { $0.flags = 0x8000 }
    for _ in 0..<10 { #expect(try limited.ask(response, from: outside) == nil) }
    #expect(try limited.ask(question, from: outside)?.isTruncated == false)
    #expect(limited.limiter.counters == RateLimitCounters())
  }

  @Test("a network that is limited is told of once")
  func news() throws {
    let limited = try limited(1)
    for time: BootTime in [0, 1, 2, 5_000_000] {
      for _ in 0..<5 { _ = try limited.ask(question, from: outside, at: time) }
    }
    let network = try #require(AddressPrefix("198.51.100.0/24"))
    #expect(limited.limiter.news(at: 5_000_000) == [.began(network)])
    #expect(limited.limiter.news(at: 10_005_000_000) == [.ended(network, seconds: 0)])
  }
}
