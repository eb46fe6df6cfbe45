// Which messages are queries: header and question.

import DNSWire
import TestSupport
import Testing

/// What a check came to, in a form that can be compared.
enum Verdict: Equatable {
  case discard
  case error(ResponseCode)
  case query(RecordType, nameLength: Int)

  init(_ octets: [UInt8]) {
    switch Query.check(octets.span) {
    case .discard: self = .discard
    case .error(let code, _): self = .error(code)
    case .query(let query):
      self = .query(query.type, nameLength: query.nameLength)
    }
  }
}

@Suite("Checks of a query's header and question (RFC 1035 section 4.1)")
struct QueryCheckTests {
  let query = QueryMessage("web.mesh.internal.", .a)

  @Test("a plain query is one")
  func plain() {
    #expect(Verdict(query.octets) == .query(.a, nameLength: 19))
    #expect(Verdict(QueryMessage(".", .ns).octets) == .query(.ns, nameLength: 1))
  }

  @Test("fewer octets than a header get no reply, whatever they say")
  func short() {
    for length in 0..<12 {
      #expect(Verdict(Array(query.octets.prefix(length))) == .discard)
      #expect(Verdict([UInt8](repeating: 0xFF, count: length)) == .discard)
    }
    #expect(Verdict([UInt8](repeating: 0, count: 12)) == .error(.formatError))
  }

  @Test("a reply gets no reply, also one of another opcode or without a question")
  func replies() {
    #expect(Verdict(query.with { $0.flags = 0x8000 }.octets) == .discard)
    #expect(Verdict(query.with { $0.flags = 0x8180 }.octets) == .discard)
    #expect(Verdict(query.with { $0.flags = 0xA800 }.octets) == .discard)
    let empty = query.with {
      $0.flags = 0x8000
      $0.counts = [0, 0, 0, 0]
    }
    #expect(Verdict(empty.octets) == .discard)
  }

  @Test("an opcode other than QUERY is not implemented, before the counts are looked at")
  func opcodes() {
    for opcode: UInt16 in 1...15 {
      let octets = query.with {
        $0.flags = opcode << 11
        $0.counts = [7, 7, 7, 7]
      }.octets
      #expect(Verdict(octets) == .error(.notImplemented))
      #expect(Verdict(Array(octets.prefix(12))) == .error(.notImplemented))
    }
  }

  @Test(
    "counts other than one question and at most an OPT record are a format error",
    arguments: [
      [0, 0, 0, 0], [2, 0, 0, 0], [0xFFFF, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 1],
      [1, 0, 0, 2], [1, 0xFFFF, 0xFFFF, 0xFFFF],
    ] as [[UInt16]])
  func counts(counts: [UInt16]) {
    #expect(Verdict(query.with { $0.counts = counts }.octets) == .error(.formatError))
  }

  @Test("a message that ends within the question is a format error, wherever it ends")
  func truncatedQuestion() {
    let whole = query.octets
    for length in 12..<whole.count {
      #expect(Verdict(Array(whole.prefix(length))) == .error(.formatError))
    }
  }

  @Test("a compressed name in the question is a format error (RFC 1035 section 4.1.4)")
  func compressedQuestion() {
    for target: UInt8 in [0, 12, 16, 40] {
      #expect(Verdict(query.with { $0.name = [0xC0, target] }.octets) == .error(.formatError))
      let tail = query.with { $0.name = [3, 0x77, 0x65, 0x62, 0xC0, target] }
      #expect(Verdict(tail.octets) == .error(.formatError))
    }
  }

  @Test("the label types 01 and 10 are a format error")
  func reservedLabelTypes() {
    for length: UInt8 in [0x40, 0x7F, 0x80, 0xBF] {
      let name = [length] + [UInt8](repeating: 0x61, count: Int(length)) + [0]
      #expect(Verdict(query.with { $0.name = name }.octets) == .error(.formatError))
    }
  }

  @Test("a label of 63 octets is taken, a label of 64 is not")
  func labelLimit() {
    let longest = [63] + [UInt8](repeating: 0x61, count: 63) + [0]
    #expect(
      Verdict(query.with { $0.name = longest }.octets) == .query(.a, nameLength: 65))
  }

  @Test("a name of 255 octets is taken, a name of 256 is not")
  func nameLimit() {
    let longest = query.with { $0.name = DomainNameTests.wire(ofLength: 255) }
    let tooLong = query.with { $0.name = DomainNameTests.wire(ofLength: 256) }
    #expect(Verdict(longest.octets) == .query(.a, nameLength: 255))
    #expect(Verdict(tooLong.octets) == .error(.formatError))
    let labels = query.with { $0.name = Array(repeating: [1, 0x61], count: 127).joined() + [0] }
    #expect(Verdict(labels.octets) == .query(.a, nameLength: 255))
  }

  @Test("octets after the message are ignored")
  func trailing() {
    let octets = query.with { $0.trailing = [1, 2, 3] }.octets
    #expect(Verdict(octets) == .query(.a, nameLength: 19))
  }

  @Test("an IXFR question may have the client's SOA in the authority section (RFC 1995 section 3)")
  func incrementalTransfer() {
    let soa: [UInt8] = [0, 0, 6, 0, 1, 0, 0, 0, 0, 0, 22, 0, 0] + [UInt8](repeating: 1, count: 20)
    let octets = QueryMessage("mesh.internal.", .ixfr).with {
      $0.counts = [1, 0, 1, 0]
      $0.middle = soa
    }.octets
    #expect(Verdict(octets) == .query(.ixfr, nameLength: 15))
  }

  @Test("flags of a reply keep opcode and RD, and clear all else but QR")
  func replyFlags() {
    for flags in UInt16.min...UInt16.max {
      let replying = HeaderFlags(rawValue: flags).replying.rawValue
      #expect(replying == flags & 0x7900 | 0x8000)
    }
  }
}
