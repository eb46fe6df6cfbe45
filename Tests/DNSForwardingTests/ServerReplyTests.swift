// What of another server's reply is passed on.

import DNSClient
import DNSWire
import DNSZone
import TestSupport
import Testing

@testable import DNSForwarding

@Suite("Replies that are passed on") struct ServerReplyTests {
  private func answer(
    _ type: RecordType = .a, dnssecOK: Bool = false, _ change: (inout ReplyMessage) -> Void
  ) throws -> ForeignAnswer {
    var message = ReplyMessage("www.example.", type)
    change(&message)
    return ForeignAnswer(
      try Reply(message.octets),
      to: DNSQuestion(name: ZoneUnderTest.name("www.example."), type: type, dnssecOK: dnssecOK))
  }

  @Test("Records of other names than the one asked for, and its aliases, are left out")
  func strangers() throws {
    let answer = try answer { reply in
      reply.answer = [
        .address("web.example.", ttl: 60, "192.0.2.1"),
        .address("victim.test.", ttl: 60, "203.0.113.66"),
        .cname("www.example.", ttl: 60, "alias.example."),
        .cname("other.example.", ttl: 60, "victim.test."),
        .cname("alias.example.", ttl: 60, "web.example."),
      ]
    }
    #expect(
      answer.answer.map(\.owner.description) == ["web.example.", "www.example.", "alias.example."])
  }

  @Test("Aliases that lead in a circle end")
  func circle() throws {
    let answer = try answer { reply in
      reply.answer = [
        .cname("www.example.", ttl: 60, "web.example."),
        .cname("web.example.", ttl: 60, "www.example."),
      ]
    }
    #expect(answer.answer.count == 2)
  }

  @Test("Of an answer with data the other sections are left out, but for who wants signatures")
  func sections() throws {
    for dnssecOK in [false, true] {
      let answer = try answer(dnssecOK: dnssecOK) { reply in
        reply.answer = [.address("www.example.", ttl: 60, "192.0.2.1")]
        reply.authority = [.soa("example.", ttl: 60, minimum: 60)]
        reply.additional = [.address("victim.test.", ttl: 60, "203.0.113.66")]
      }
      #expect(answer.answer.count == 1 && answer.additional.isEmpty)
      #expect(answer.authority.count == (dnssecOK ? 1 : 0))
    }
  }

  @Test("That there is nothing comes with its SOA, whose TTL is that of the negative answer")
  func negative() throws {
    for code in [ResponseCode.noError, .nameError] {
      let answer = try answer { reply in
        reply.flags = HeaderFlags.response | code.rawValue
        reply.authority = [
          .soa("example.", ttl: 600, minimum: 30), .address("ns.example.", ttl: 60, "192.0.2.53"),
        ]
      }
      #expect(answer.code == code && answer.answer.isEmpty)
      #expect(answer.authority.map(\.type) == [.soa] && answer.authority[0].ttl == 30)
    }
  }

  @Test("Compressed names in RDATA come out whole, and what can't be read is left out")
  func compression() throws {
    let answer = try answer(.mx) { reply in
      let question = ReplyMessage.pointer(to: Header.length)
      reply.answer = [
        .init(owner: question, .mx, ttl: 60, [0, 10, 4] + Array("mail".utf8) + question),
        .init(owner: question, .mx, ttl: 60, [0, 10, 0xC0, 0xFF]),
        .init(owner: question, .mx, ttl: 60, [0]),
      ]
    }
    let name = ZoneUnderTest.name("mail.www.example.")
    #expect(answer.answer.map(\.rdata) == [[0, 10] + name.wire])
  }
}
