// What TCP clients may take, at both sides of each limit.

import DNSTransport
import Testing

extension TransportTests {
  @Suite("TCP limits")
  struct TCPLimitTests {
    @Test("the defaults are those of the documentation")
    func defaults() {
      let limits = TCPLimits()
      #expect(limits.connections == 1_000)
      #expect(limits.connectionsFromOneAddress == 100)
      #expect(limits.idle == .seconds(10))
    }

    @Test("a connection without a query is closed")
    func idle() async throws {
      try await withServer(limits: TCPLimits(idle: .milliseconds(50))) { server, address in
        let client = try LoopbackSocket(.tcp, to: address)
        #expect(client.isEnded())
        #expect(await eventually { server.tcpCounters.closed == [.idle: 1] })
      }
    }

    @Test("a part of a query is not a query")
    func dribbling() async throws {
      try await withServer(limits: TCPLimits(idle: .milliseconds(200))) { server, address in
        let client = try LoopbackSocket(.tcp, to: address)
        try client.sendMessage(message(1))
        #expect(client.receiveMessage() == message(1))
        try client.send(Array(framed(message(2)).dropLast()))
        #expect(client.isEnded())
        #expect(await eventually { server.tcpCounters.closed == [.idle: 1] })
      }
    }

    @Test("one connection too many closes the one longest without a complete query")
    func connectionLimit() async throws {
      try await withServer(workers: 2, limits: TCPLimits(connections: 3)) { server, address in
        let clients = try (0..<3).map { _ in try LoopbackSocket(.tcp, to: address) }
        for number in [0, 1, 2, 0] { try roundTrip(clients[number]) }
        #expect(server.tcpCounters.closed.isEmpty)

        let fourth = try LoopbackSocket(.tcp, to: address)
        try roundTrip(fourth)
        #expect(clients[1].isEnded())
        for client in [clients[0], clients[2], fourth] { try roundTrip(client) }
        #expect(await eventually { server.tcpCounters.closed == [.connectionLimit: 1] })
        #expect(server.tcpCounters.open == 3)
        #expect(server.tcpCounters.accepted == 4)
      }
    }

    @Test("a closed connection makes room for another")
    func roomAgain() async throws {
      try await withServer(limits: TCPLimits(connections: 2)) { server, address in
        let stays = try LoopbackSocket(.tcp, to: address)
        try roundTrip(stays)
        for number in 1...5 {
          try roundTrip(try LoopbackSocket(.tcp, to: address))
          #expect(await eventually { server.tcpCounters.closed == [.client: number] })
        }
        try roundTrip(stays)
      }
    }

    @Test("one connection too many from one address is closed, others are let in")
    func addressLimit() async throws {
      let limits = TCPLimits(connectionsFromOneAddress: 2)
      try await withServer(workers: 2, limits: limits) { server, address in
        var clients = try (0..<2).map { _ in
          try LoopbackSocket(.tcp, to: address, from: "127.0.0.3")
        }
        for client in clients { try roundTrip(client) }

        #expect(try LoopbackSocket(.tcp, to: address, from: "127.0.0.3").isEnded())
        #expect(await eventually { server.tcpCounters.closed == [.addressLimit: 1] })
        try roundTrip(try LoopbackSocket(.tcp, to: address, from: "127.0.0.4"))
        for client in clients { try roundTrip(client) }

        clients.removeLast()
        #expect(await eventually { server.tcpCounters.closed[.client] == 2 })
        try roundTrip(try LoopbackSocket(.tcp, to: address, from: "127.0.0.3"))
      }
    }

    @Test("a client that does not read is read no further, and closed")
    func notReading() async throws {
      let limits = TCPLimits(idle: .milliseconds(500))
      let makeAnswerer: MakeAnswerer = { reply(length: 60_000) }
      try await withServer(limits: limits, answering: makeAnswerer) { server, address in
        let client = try LoopbackSocket(.tcp, to: address, receiveBuffer: 4_096)
        for number in 0..<2_000 { try client.sendMessage(message(number)) }
        #expect(await eventually { server.tcpCounters.closed == [.notReading: 1] })
        // The kernel's buffers hold some; all 2,000 replies would be 120 MB.
        #expect(server.tcpCounters.queries < 500)
      }
    }

    @Test("a client that reads late gets all its replies, and nobody waits for it")
    func readingLate() async throws {
      let makeAnswerer: MakeAnswerer = { reply(length: 60_000) }
      try await withServer(answering: makeAnswerer) { server, address in
        let client = try LoopbackSocket(.tcp, to: address, receiveBuffer: 4_096)
        for number in 0..<1_000 { try client.sendMessage(message(number)) }
        #expect(await eventually { server.tcpCounters.queries > 0 })

        let other = try LoopbackSocket(.tcp, to: address)
        try other.sendMessage(message(1))
        #expect(other.receiveMessage()?.count == 60_000)
        #expect(server.tcpCounters.queries < 500)

        for number in 0..<1_000 {
          #expect(client.receiveMessage()?.prefix(2) == message(number).prefix(2))
        }
        #expect(server.tcpCounters.queries == 1_001)
      }
    }
  }
}

private func roundTrip(_ client: LoopbackSocket) throws {
  try client.sendMessage(message(1))
  #expect(client.receiveMessage() == message(1))
}
