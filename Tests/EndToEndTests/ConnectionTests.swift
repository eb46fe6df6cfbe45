// TCP connections of clients that are slow, hasty, mistaken or gone (RFC 7766, RFC 9210).

import DNSWire
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Connections")
  struct Connections {
    @Test("Queries in pieces of one octet are answered, small and large")
    func pieces() async throws {
      try await withConnections { port in
        let client = try DNSConnection(port: port)
        for (id, question) in [Question.small, .large, .small].enumerated() {
          for octet in DNSConnection.framed(question.query(id).octets) {
            try client.send([octet])
          }
          try expect(client.receive(), question, id: id)
        }
      }
    }

    @Test("160 queries in one write, for answers of 60 to 65,000 octets, get one reply each")
    func pipelining() async throws {
      try await withConnections { port in
        let client = try DNSConnection(port: port)
        let questions = (0..<160).map { Question.allCases[$0 % Question.allCases.count] }
        try client.send(
          questions.enumerated().flatMap { DNSConnection.framed($1.query($0).octets) })
        var missing = Set(questions.indices)
        for _ in questions {
          // Replies need not come in the order of the queries (RFC 7766 section 7).
          let reply = try client.receive()
          let id = Int(reply.id)
          #expect(missing.remove(id) != nil, "\(id) once")
          try expect(reply, questions[id], id: id)
        }
      }
    }

    @Test("A client that has ended its side gets all replies, then the end")
    func halfClose() async throws {
      try await withConnections { port in
        let client = try DNSConnection(port: port)
        for id in 0..<40 { try client.send(Question.allCases[id % 4].query(id)) }
        client.endSending()
        let replies = try (0..<40).map { _ in try client.receive() }
        #expect(Set(replies.map(\.id)) == Set(0..<40))
        #expect(client.isEnded())
      }
    }

    @Test("A length of more octets than come before the end gets nothing, what was whole does")
    func cutOff() async throws {
      try await withConnections { port in
        for (claimed, sent) in [(512, 40), (65_535, 12), (13, 12), (12, 0)] {
          let client = try DNSConnection(port: port)
          try client.send(Question.small.query(1))
          try client.send([UInt8(claimed >> 8), UInt8(claimed & 0xFF)])
          try client.send(Array(Question.small.query(2).octets.prefix(sent)))
          client.endSending()
          try expect(client.receive(), .small, id: 1)
          #expect(client.isEnded(), "\(sent) octets of \(claimed)")
        }
        // And with everything closed at once.
        for _ in 0..<20 { try DNSConnection(port: port).send([1, 0, 7, 7]) }
        try expect(DNSConnection(port: port).ask(Question.small.query(3)), .small, id: 3)
      }
    }

    @Test("A length shorter than a header ends the connection, after the replies before it")
    func tooShort() async throws {
      try await withConnections { port in
        for length in [0, 1, 11] {
          let client = try DNSConnection(port: port)
          let bad = [0, UInt8(length)] + [UInt8](repeating: 0, count: length)
          try client.send(
            DNSConnection.framed(Question.medium.query(1).octets) + bad
              + DNSConnection.framed(Question.small.query(2).octets))
          try expect(client.receive(), .medium, id: 1)
          #expect(client.isEnded(), "\(length) octets")
        }
      }
    }

    @Test("What can't be read as a query is answered with FORMERR, and the next one as usual")
    func unreadable() async throws {
      try await withConnections { port in
        let client = try DNSConnection(port: port)
        let bad = QueryMessage("small.example.org.", .a).with { $0.counts = [2, 0, 0, 0] }
        try client.send(bad.with { $0.id = 1 })
        try client.send(Question.small.query(2))
        let replies = [try client.receive(), try client.receive()].sorted { $0.id < $1.id }
        #expect(replies[0].code == .formatError && replies[0].isResponse)
        try expect(replies[1], .small, id: 2)
      }
    }

    @Test("A client that stops reading holds up nobody, and gets the rest when it reads again")
    func slowReader() async throws {
      try await withConnections { port in
        // 16 MB of replies: more than the kernel keeps for it.
        let slow = try DNSConnection(port: port, receiveBuffer: 4_096)
        for id in 0..<250 { try slow.send(Question.large.query(id)) }
        try expect(slow.receive(), .large, id: 0)

        let other = try DNSConnection(port: port)
        for id in 0..<20 {
          try expect(other.ask(Question.medium.query(id)), .medium, id: id)
          let fresh = try DNSConnection(port: port)
          try expect(fresh.ask(Question.large.query(id)), .large, id: id)
        }
        let udp = try DNSClient(port: port).ask("small.example.org.", .a)
        #expect(udp.answer == Question.small.answer)

        for id in 1..<250 { #expect(try slow.receive().id == id) }
        try expect(slow.ask(Question.small.query(250)), .small, id: 250)
      }
    }

    @Test("A client that goes without reading leaves nothing behind")
    func goneReader() async throws {
      try await withConnections { port in
        for _ in 0..<5 {
          let slow = try DNSConnection(port: port, receiveBuffer: 4_096)
          for id in 0..<250 { try slow.send(Question.large.query(id)) }
          try expect(slow.receive(), .large, id: 0)
        }
        try expect(DNSConnection(port: port).ask(Question.small.query(1)), .small, id: 1)
      }
    }
  }
}

// MARK: What is asked

/// A question to example.org with an answer of one size or another.
private enum Question: String, CaseIterable {
  case small
  case medium
  case large
  case missing

  static let zone: String = {
    let medium = (1...60).map { "medium A 192.0.2.\($0)\n" }
    // Each record takes 12 octets and its text, with a length before every string.
    let text = "\"\(String(repeating: "x", count: 250))\""
    let large = (100...343).map { "large TXT \"\($0)\" \(text)\n" }
    return ZoneFileText.example + "small A 192.0.2.1\n" + (medium + large).joined()
  }()

  var type: RecordType { self == .large ? .txt : .a }

  func query(_ id: Int) -> QueryMessage {
    QueryMessage("\(rawValue).example.org.", type).with { $0.id = UInt16(id) }
  }

  var recordCount: Int {
    switch self {
    case .small: 1
    case .medium: 60
    case .large: 244
    case .missing: 0
    }
  }

  var answer: RecordSection { "small.example.org. 300 IN A 192.0.2.1" }
}

/// Checks that a reply is whole and the one for this question.
private func expect(_ reply: Message, _ question: Question, id: Int) throws {
  #expect(reply.id == UInt16(id) && reply.isResponse && !reply.isTruncated)
  #expect(reply.code == (question == .missing ? .nameError : .noError))
  #expect(reply.question?.name == (try DomainName("\(question.rawValue).example.org.")))
  #expect(reply.answer.count == question.recordCount)
  #expect(Set(reply.answer.values).count == question.recordCount)
  if question == .large { #expect(reply.length > 65_000, "\(reply.length)") }
}

/// Calls `body`, on a thread of its own, with the port of a server with one event loop, and expects
/// that the server has as many descriptors afterwards as before.
private func withConnections(
  _ body: @escaping @Sendable (_ port: UInt16) throws -> Void
) async throws {
  try await withSite { site in
    try site.write(Question.zone, to: "zones/example.org.zone")
    let server = try await site.startServer(["--workers", "1"])
    let port = server.ready.dnsPort
    try await server.expectNoDescriptorLeft {
      try await onOwnThread { try body(port) }
    }
  }
}
