// Streams of messages in and out.

import Synchronization
import Testing

@testable import DNSTransport

extension TransportTests {
  @Suite("TCP messages")
  struct TCPMessageTests {
    @Test("a connection carries one query after another")
    func oneAfterAnother() async throws {
      try await withServer { server, address in
        let client = try LoopbackSocket(.tcp, to: address)
        for number in 0..<10 {
          try client.sendMessage(message(number))
          #expect(client.receiveMessage() == message(number))
        }
        let counters = server.tcpCounters
        #expect(counters == TCPCounters(accepted: 1, open: 1, queries: 10, replies: 10))
      }
    }

    @Test("a message may come in pieces of one octet")
    func onePieceAtATime() async throws {
      try await withServer { _, address in
        let client = try LoopbackSocket(.tcp, to: address)
        for octet in framed(message(1, length: 40)) + framed(message(2)) {
          try client.send([octet])
        }
        #expect(client.receiveMessage() == message(1, length: 40))
        #expect(client.receiveMessage() == message(2))
      }
    }

    @Test("200 messages in one write are answered in order, up to 64 in a batch")
    func pipelining() async throws {
      let gate = Gate()
      let sizes = Mutex<[Int]>([])
      let makeAnswerer: MakeAnswerer = {
        { exchanges in
          gate.pass()
          sizes.withLock { $0.append(exchanges.count) }
          echo(exchanges)
        }
      }
      try await withServer(answering: makeAnswerer) { _, address in
        let client = try LoopbackSocket(.tcp, to: address)
        try client.sendMessage(message(0))
        #expect(await eventually { gate.isSomebodyWaiting })
        try client.send((1...200).flatMap { framed(message($0)) })
        gate.open()
        for number in 0...200 { #expect(client.receiveMessage() == message(number)) }
      }
      // A batch also ends where a read ended.
      let seen = sizes.withLock { $0 }
      #expect(seen.reduce(0, +) == 201)
      #expect(seen.max() == 64)
    }

    @Test("a message and a reply may have 65,535 octets")
    func longest() async throws {
      try await withServer { _, address in
        let client = try LoopbackSocket(.tcp, to: address)
        for number in 0..<20 {
          try client.sendMessage(message(number, length: 65_535))
          #expect(client.receiveMessage() == message(number, length: 65_535))
        }
      }
    }

    @Test("a query for which there is no reply gets none, the next one does")
    func noReply() async throws {
      let makeAnswerer: MakeAnswerer = {
        { exchanges in
          echo(exchanges)
          for index in exchanges.indices where exchanges[index].query[1] == 1 {
            exchanges[index].replyLength = 0
          }
        }
      }
      try await withServer(answering: makeAnswerer) { server, address in
        let client = try LoopbackSocket(.tcp, to: address)
        for number in 1...3 { try client.sendMessage(message(number)) }
        #expect(client.receiveMessage() == message(2))
        #expect(client.receiveMessage() == message(3))
        #expect(server.tcpCounters.queries == 3)
        #expect(server.tcpCounters.replies == 2)
      }
    }

    @Test("a client that ends its side after its queries gets the replies, then the end")
    func halfClose() async throws {
      let makeAnswerer: MakeAnswerer = { reply(length: 30_000) }
      try await withServer(answering: makeAnswerer) { server, address in
        let client = try LoopbackSocket(.tcp, to: address)
        // The last message is cut off.
        try client.send((0..<50).flatMap { framed(message($0)) } + [0, 12, 1])
        client.endSending()
        for number in 0..<50 {
          #expect(client.receiveMessage()?.prefix(2) == message(number).prefix(2))
        }
        #expect(client.isEnded())
        #expect(await eventually { server.tcpCounters.closed == [.client: 1] })
      }
    }

    @Test("a message shorter than a header ends the connection", arguments: [0, 1, 11])
    func malformed(length: Int) async throws {
      try await withServer { server, address in
        let client = try LoopbackSocket(.tcp, to: address)
        let bad = [UInt8(0), UInt8(length)] + [UInt8](repeating: 0, count: length)
        try client.send(framed(message(1)) + bad)
        #expect(client.receiveMessage() == message(1))
        #expect(client.isEnded())
        #expect(await eventually { server.tcpCounters.closed == [.malformed: 1] })
      }
    }

    @Test("many clients on several event loops each get their own replies")
    func manyClients() async throws {
      try await withServer(workers: 3) { server, address in
        let clients = try (0..<60).map { _ in try LoopbackSocket(.tcp, to: address) }
        for round in 0..<5 {
          for (number, client) in clients.enumerated() {
            try client.sendMessage(message(round * 60 + number))
          }
          for (number, client) in clients.enumerated() {
            #expect(client.receiveMessage() == message(round * 60 + number))
          }
        }
        #expect(server.tcpCounters.open == 60)
        #expect(server.tcpCounters.replies == 300)
      }
    }
  }
}
