// How long answers of other servers are kept, and what they are then.

import DNSClient
import DNSWire
import DNSZone
import TestSupport
import Testing

@testable import DNSForwarding

@Suite("Forwarding cache") struct ForwardCacheTests {
  private var cache = ForwardCache(limit: 1 << 20)
  private let question = DNSQuestion(name: ZoneUnderTest.name("www.example."), type: .a)

  private static let second: BootTime = 1_000_000_000

  private func answer(_ records: String..., code: ResponseCode = .noError) -> ForeignAnswer {
    var answer = ForeignAnswer()
    answer.code = code
    for record in records {
      let rrset = RRset(record)
      for rdata in rrset.rdata {
        let record = ResourceRecord(
          owner: rrset.owner, type: rrset.type, ttl: rrset.ttl, rdata: rdata)
        if rrset.type == .soa {
          answer.authority.append(record)
        } else {
          answer.answer.append(record)
        }
      }
    }
    return answer
  }

  private mutating func ttls(after seconds: BootTime) -> [UInt32]? {
    guard case .fresh(let answer) = cache.look(up: question, at: seconds * Self.second) else {
      return nil
    }
    return (answer.answer + answer.authority).map(\.ttl)
  }

  @Test("An answer is kept for its least TTL, and each TTL runs down")
  mutating func timeToLive() {
    cache.store(
      answer("www.example. 100 CNAME web.example.", "web.example. 30 A 192.0.2.1"),
      for: question, at: 0)
    #expect(ttls(after: 0) == [100, 30])
    #expect(ttls(after: 29) == [71, 1])
    #expect(ttls(after: 30) == nil)
  }

  @Test("No answer is kept for more than a day, no negative one for more than an hour")
  mutating func limits() {
    cache.store(answer("www.example. 1000000 A 192.0.2.1"), for: question, at: 0)
    #expect(ttls(after: 86_399) != nil)
    #expect(ttls(after: 86_400) == nil)
    let soa = "example. 1000000 SOA ns.example. h.example. 1 2 3 4 1000000"
    for code in [ResponseCode.noError, .nameError] {
      cache.store(answer(soa, code: code), for: question, at: 0)
      #expect(ttls(after: 3_599) != nil)
      #expect(ttls(after: 3_600) == nil)
    }
  }

  @Test("What says nothing of how long, and what is no answer, is not kept")
  mutating func notKept() {
    for answer in [
      answer("www.example. 0 A 192.0.2.1"), answer(code: .nameError), answer(),
      answer("www.example. 60 CNAME web.example."),
      answer("www.example. 60 CNAME web.example.", code: .nameError),
      answer("www.example. 9 A 192.0.2.1", code: .serverFailure),
    ] {
      cache.store(answer, for: question, at: 0)
      #expect(cache.count == 0)
    }
  }

  @Test("After its end it serves for a day with a TTL of 30 s, and says so", arguments: [0, 3])
  mutating func stale(code: UInt16) {
    let code = ResponseCode(rawValue: code)
    let soa = "example. 60 SOA ns.example. h.example. 1 2 3 4 60"
    cache.store(
      code == .nameError ? answer(soa, code: code) : answer("www.example. 60 A 192.0.2.1"),
      for: question, at: 0)
    for seconds: BootTime in [60, 60 + 86_399] {
      guard case .stale(let answer) = cache.look(up: question, at: seconds * Self.second) else {
        Issue.record("nothing after \(seconds) s")
        continue
      }
      #expect((answer.answer + answer.authority).map(\.ttl) == [30])
      #expect(answer.extendedError?.rawValue == (code == .nameError ? 19 : 3))
    }
    guard case .absent = cache.look(up: question, at: (60 + 86_400) * Self.second) else {
      Issue.record("still there after a day")
      return
    }
    #expect(cache.count == 0 && cache.octets == 0)
  }

  @Test("Name, type, DO and CD make a question; letters in any case are the same name")
  mutating func questions() {
    cache.store(answer("www.example. 60 A 192.0.2.1"), for: question, at: 0)
    let name = ZoneUnderTest.name("WWW.Example.")
    let same = DNSQuestion(name: name, type: .a)
    let others = [
      DNSQuestion(name: name, type: .aaaa), DNSQuestion(name: name, type: .a, dnssecOK: true),
      DNSQuestion(name: name, type: .a, checkingDisabled: true),
    ]
    guard case .fresh = cache.look(up: same, at: 0) else {
      Issue.record("not found in capitals")
      return
    }
    for other in others {
      guard case .absent = cache.look(up: other, at: 0) else {
        Issue.record("\(other) is another question")
        continue
      }
    }
  }

  @Test("It stays within its room, and what is asked for stays in it")
  mutating func room() throws {
    cache.store(answer("www.example. 60 A 192.0.2.1"), for: question, at: 0)
    for number in 0..<20_000 {
      let name = "n\(number).example."
      cache.store(
        answer("\(name) 60 A 192.0.2.1"),
        for: DNSQuestion(name: ZoneUnderTest.name(name), type: .a), at: 0)
      if number % 500 == 0 { #expect(ttls(after: 1) == [59]) }
      #expect(cache.octets <= 1 << 20)
    }
    #expect((1_000..<19_000).contains(cache.count))
  }
}
