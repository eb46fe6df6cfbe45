// Replies of other servers: read where they are right, refused where they are not.

import DNSWire
import TestSupport
import Testing

@Suite("A reply")
struct ReplyTests {
  private static let question = "web.mesh.internal"

  @Test("is read with its question, its records and where their TTLs stand")
  func whole() throws {
    var message = ReplyMessage(Self.question, .srv)
    message.answer = [
      .srv("WEB.mesh.internal", ttl: 5, priority: 1, weight: 2, port: 8080, "w1.mesh.internal")
    ]
    message.authority = [.soa("mesh.internal", ttl: 7, minimum: 3)]
    message.additional = [.address("w1.mesh.internal", ttl: 9, "10.0.0.1")]
    let reply = try Reply(message.octets)
    #expect(reply.id == 0x1234)
    #expect(reply.code == .noError)
    #expect(try reply.question?.name == DomainName(Self.question))
    #expect(reply.question?.type == .srv)
    let record = try #require(reply.answer.first)
    #expect(record.ttl == 5)
    #expect(Array(reply.octets[record.ttlOffset..<record.ttlOffset + 4]) == [0, 0, 0, 5])
    let location = try #require(reply.serviceLocation(record))
    #expect([location.priority, location.weight, location.port] == [1, 2, 8080])
    #expect(try location.target == DomainName("w1.mesh.internal"))
    #expect(reply.address(try #require(reply.additional.first)) == IPAddress("10.0.0.1"))
    #expect(reply.negativeTTL == 3)
    #expect(reply.alias(record) == nil)
  }

  @Test("has compressed names, and none that leads forwards or round in a circle")
  func compression() throws {
    var message = ReplyMessage(Self.question, .a)
    message.answer = [ReplyMessage.Record(owner: [0xC0, 12], .a, ttl: 1, [10, 0, 0, 1])]
    #expect(try Reply(message.octets).answer.first?.owner == DomainName(Self.question))
    for target: UInt8 in [35, 36, 60] {
      message.answer[0].owner = [0xC0, target]
      #expect(throws: ReplyError.badRecord(at: 35)) { try Reply(message.octets) }
    }
  }

  @Test(
    "whose name goes from pointer to pointer is refused", arguments: [(128, true), (129, false)])
  func pointerChain(length: Int, isRead: Bool) throws {
    var message = ReplyMessage(Self.question, .a)
    // In the RDATA of the first record: each pointer leads to the one before, the first to the
    // question. The owner of the second record is one pointer more.
    let start = message.octets.count + 11
    var chain: [UInt8] = [0xC0, 12]
    for number in 0..<length - 2 { chain += ReplyMessage.pointer(to: start + 2 * number) }
    message.answer = [
      ReplyMessage.Record(owner: [0], .txt, ttl: 1, chain),
      ReplyMessage.Record(
        owner: ReplyMessage.pointer(to: start + chain.count - 2), .a, ttl: 1, [10, 0, 0, 1]),
    ]
    let reply = try? Reply(message.octets)
    #expect((reply != nil) == isRead)
  }

  @Test("that ends within a record is refused, and read as far as it goes where it is truncated")
  func cut() throws {
    var message = ReplyMessage(Self.question, .a)
    message.answer = [.address(Self.question, ttl: 1, "10.0.0.1")]
    let octets = message.octets
    for length in 35..<octets.count {
      #expect(throws: ReplyError.badRecord(at: 35)) { try Reply(Array(octets.prefix(length))) }
    }
    message.flags |= HeaderFlags.truncated
    let reply = try Reply(Array(message.octets.dropLast()))
    #expect(reply.isTruncated && reply.answer.isEmpty)
  }

  @Test("is refused where it is a query, has two questions, or one that can't be read")
  func refused() throws {
    #expect(throws: ReplyError.tooShort) { try Reply([0, 1, 0x80]) }
    #expect(throws: ReplyError.noReply) { try Reply(QueryMessage(Self.question, .a).octets) }
    var message = ReplyMessage(Self.question, .a)
    message.questionCount = 2
    #expect(throws: ReplyError.severalQuestions) { try Reply(message.octets) }
    message.questionCount = 1
    #expect(throws: ReplyError.badQuestion) { try Reply(Array(message.octets.dropLast())) }
    message.question[0] = 0x80
    #expect(throws: ReplyError.badQuestion) { try Reply(message.octets) }
  }

  @Test("has the upper bits of its code in an OPT record, of which there is one, at its place")
  func extendedCode() throws {
    var message = ReplyMessage(Self.question, .a)
    let opt = ReplyMessage.Record(owner: [0], .opt, ttl: 0x0100_0000, [])
    message.additional = [opt]
    #expect(try Reply(message.octets).code == .badVersion)
    #expect(try Reply(message.octets).additional.isEmpty)
    message.additional = [opt, opt]
    #expect(throws: ReplyError.misplacedOpt) { try Reply(message.octets) }
    message.additional = []
    message.answer = [opt]
    #expect(throws: ReplyError.misplacedOpt) { try Reply(message.octets) }
  }

  @Test("with a TTL whose first bit is set may not be kept")
  func negativeNumber() throws {
    var message = ReplyMessage(Self.question, .a)
    message.answer = [.address(Self.question, ttl: 0x8000_0001, "10.0.0.1")]
    #expect(try Reply(message.octets).answer.first?.ttl == 0)
  }

  @Test("answers the query with its id, opcode and question, letters in any case")
  func match() throws {
    let query = QueryMessage(Self.question, .a)
    let reply = try Reply(ReplyMessage("WEB.Mesh.internal", .a).octets)
    #expect(reply.answers(query.octets))
    #expect(!reply.answers(query.with { $0.id = 0x1235 }.octets))
    #expect(!reply.answers(query.with { $0.flags = 0x2000 }.octets))
    #expect(!reply.answers(query.with { $0.type = .aaaa }.octets))
    #expect(!reply.answers(query.with { $0.recordClass = .chaos }.octets))
    #expect(!reply.answers(QueryMessage("wab.mesh.internal", .a).octets))
    #expect(!reply.answers(Array(query.octets.dropLast())))
    // Types are numbers: 65 and 97 are not one letter in two cases.
    let https = try Reply(ReplyMessage(Self.question, .https).octets)
    let lower = RecordType(rawValue: RecordType.https.rawValue | 0x20)
    #expect(!https.answers(QueryMessage(Self.question, lower).octets))
    var without = ReplyMessage(Self.question, .a)
    (without.question, without.questionCount) = ([], 0)
    #expect(try !Reply(without.octets).answers(query.octets))
  }

  @Test("of any octets is read or refused")
  func mutated() throws {
    var random = SeededRandom(seed: 7)
    var message = ReplyMessage(Self.question, .srv)
    message.answer = [.srv(Self.question, ttl: 5, port: 80, "w1.mesh.internal")]
    message.additional = [.address("w1.mesh.internal", ttl: 9, "fd00::1")]
    for _ in 0..<20_000 {
      var octets = message.octets
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        octets[Int.random(in: 0..<octets.count, using: &random)] = .random(
          in: 0...255, using: &random)
      }
      octets.removeLast(Int.random(in: 0...octets.count, using: &random) / 4)
      guard let reply = try? Reply(octets) else { continue }
      for record in reply.answer + reply.authority + reply.additional {
        #expect(record.range.upperBound <= octets.count)
        _ = (reply.serviceLocation(record), reply.address(record), reply.alias(record))
      }
      _ = reply.negativeTTL
    }
  }
}
