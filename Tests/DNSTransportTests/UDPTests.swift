// Datagrams in and out.

import Glibc
import Synchronization
import Testing

@testable import DNSTransport

extension TransportTests {
  @Suite("UDP")
  struct UDPTests {
    @Test("many clients each get their own replies, from all workers")
    func manyClients() async throws {
      let threads = Mutex<Set<pthread_t>>([])
      let makeAnswerer: MakeAnswerer = {
        { exchanges in
          threads.withLock { _ = $0.insert(pthread_self()) }
          echo(exchanges)
        }
      }
      try await withServer(workers: 3, answering: makeAnswerer) { server, address in
        let clients = try (0..<64).map { _ in try LoopbackSocket(.udp, to: address) }
        for round in 0..<10 {
          for (number, client) in clients.enumerated() {
            try client.send(message(round * 64 + number))
          }
          for (number, client) in clients.enumerated() {
            #expect(client.receive() == message(round * 64 + number))
          }
        }
        #expect(try await counts(server, UDPCounters(received: 640, replied: 640)))
      }
      #expect(threads.withLock { $0.count } == 3)
    }

    @Test("datagrams that wait are answered 64 at a time")
    func batches() async throws {
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
        let client = try LoopbackSocket(.udp, to: address)
        try client.send(message(0))
        #expect(await eventually { gate.isSomebodyWaiting })
        for number in 1...130 { try client.send(message(number)) }
        gate.open()
        for number in 0...130 { #expect(client.receive() == message(number)) }
      }
      #expect(sizes.withLock { $0 } == [1, 64, 64, 2])
    }

    @Test(
      "of more datagrams than find room the oldest are answered, the newest dropped and counted")
    func overflow() async throws {
      let gate = Gate()
      let answered = Mutex<[Int]>([])
      let makeAnswerer: MakeAnswerer = {
        { exchanges in
          gate.pass()
          answered.withLock { answered in
            for exchange in exchanges {
              answered.append(Int(exchange.query[0]) << 8 | Int(exchange.query[1]))
            }
          }
        }
      }
      try await withServer(answering: makeAnswerer) { server, address in
        let client = try LoopbackSocket(.udp, to: address)
        try client.send(message(0))
        #expect(await eventually { gate.isSomebodyWaiting })
        let count = 30_000
        for number in 1..<count { try client.send(message(number)) }
        let overflowed = server.udpCounters.overflowed
        #expect(overflowed > count / 2)
        gate.open()
        #expect(await eventually { server.udpCounters.received == count - overflowed })
        #expect(server.udpCounters.overflowed == overflowed)
      }
      answered.withLock { #expect($0 == Array(0..<$0.count)) }
    }

    @Test("of a datagram of more than 4,096 octets the first 4,096 are answered")
    func oversize() async throws {
      try await withServer { server, address in
        let client = try LoopbackSocket(.udp, to: address)
        for (number, excess) in [(1, 0), (2, 1), (3, 5_000)] {
          let room = UDPBatch.queryRoom
          try client.send(message(number, length: room + excess))
          #expect(client.receive() == Array(message(number, length: room + excess).prefix(room)))
        }
      }
    }

    @Test("a query of 12 octets is answered, a shorter one is dropped and counted")
    func tooShort() async throws {
      try await withServer { server, address in
        let client = try LoopbackSocket(.udp, to: address)
        try client.send([])
        try client.send(message(1, length: Exchange.shortestQuery - 1))
        try client.send(message(2, length: Exchange.shortestQuery))
        #expect(client.receive() == message(2))
        #expect(try await counts(server, UDPCounters(received: 3, replied: 1, dropped: 2)))
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
        let client = try LoopbackSocket(.udp, to: address)
        for number in 1...3 { try client.send(message(number)) }
        #expect(client.receive() == message(2))
        #expect(client.receive() == message(3))
        #expect(try await counts(server, UDPCounters(received: 3, replied: 2)))
      }
    }

    @Test("exchanges over UDP say so and have room for 4,096 octets")
    func exchange() async throws {
      let seen = Mutex<[String]>([])
      let makeAnswerer: MakeAnswerer = {
        { exchanges in
          for exchange in exchanges {
            seen.withLock { $0.append("\(exchange.transport) \(exchange.reply.count)") }
          }
          reply(length: UDPBatch.replyRoom)(exchanges)
        }
      }
      try await withServer(answering: makeAnswerer) { _, address in
        let client = try LoopbackSocket(.udp, to: address)
        try client.send(message(1))
        #expect(client.receive()?.count == UDPBatch.replyRoom)
      }
      #expect(seen.withLock { $0 } == ["udp 4096"])
    }

    @Test("a datagram from port 0 is dropped", .enabled(if: ForgedUDP.isPermitted))
    func sourcePortZero() async throws {
      try await withServer { server, address in
        try ForgedUDP().send(message(1), from: "127.0.0.1", port: 0, to: address)
        #expect(try await counts(server, UDPCounters(received: 1, dropped: 1)))
      }
    }

    @Test(
      "a reply that can't be sent does not lose the others", .enabled(if: ForgedUDP.isPermitted))
    func unsendable() async throws {
      let gate = Gate()
      let makeAnswerer: MakeAnswerer = {
        { exchanges in
          gate.pass()
          echo(exchanges)
        }
      }
      try await withServer(answering: makeAnswerer) { server, address in
        let client = try LoopbackSocket(.udp, to: address)
        try client.send(message(0))
        #expect(await eventually { gate.isSomebodyWaiting })
        let forged = try ForgedUDP()
        for number in 1...5 {
          // The kernel sends nothing to the broadcast address unless it is asked for.
          try forged.send(message(number), from: "255.255.255.255", port: 9, to: address)
          try client.send(message(number))
        }
        gate.open()
        for number in 0...5 { #expect(client.receive() == message(number)) }
        let counters = UDPCounters(received: 11, replied: 6, sendErrors: 5)
        #expect(try await counts(server, counters))
      }
    }
  }

  @Suite("UDP addresses")
  struct UDPAddressTests {
    @Test("an IPv4 wildcard listener replies from the address that was asked")
    func wildcardIPv4() async throws {
      try await withServer("0.0.0.0:0", workers: 2) { _, any in
        for host in ["127.0.0.1", "127.0.0.2", "127.1.2.3"] {
          // A connected socket takes nothing from another address.
          let client = try LoopbackSocket(.udp, to: try ListenAddress("\(host):\(any.port)"))
          try client.send(message(1))
          #expect(client.receive() == message(1), "\(host)")
        }
      }
    }

    @Test("an IPv6 wildcard listener replies from the address that was asked")
    func wildcardIPv6() async throws {
      try await withServer("[::]:0") { _, any in
        let client = try LoopbackSocket(.udp, to: try ListenAddress("[::1]:\(any.port)"))
        try client.send(message(1))
        #expect(client.receive() == message(1))
      }
    }

    @Test("an IPv6 listener answers")
    func ipv6() async throws {
      try await withServer("[::1]:0", workers: 2) { _, address in
        #expect(address.ipAddress == "::1")
        let client = try LoopbackSocket(.udp, to: address)
        try client.send(message(1))
        #expect(client.receive() == message(1))
      }
    }

    @Test("both wildcards can be served on one port")
    func bothWildcards() async throws {
      // The kernel may have lent a port that is free for IPv6 to an IPv4 client of another test.
      for attempt in 1... {
        do {
          return try await serveBothWildcards()
        } catch let error as TransportError {
          guard case .addressInUse = error, attempt < 16 else { throw error }
        }
      }
    }

    private func serveBothWildcards() async throws {
      try await withServer("[::]:0") { _, any in
        try await withServer("0.0.0.0:\(any.port)") { _, _ in
          for host in ["127.0.0.1", "[::1]"] {
            let client = try LoopbackSocket(.udp, to: try ListenAddress("\(host):\(any.port)"))
            try client.send(message(1))
            #expect(client.receive() == message(1))
          }
        }
      }
    }
  }
}

/// A reply is counted when it is sent, which its receiver may see first.
private func counts(_ server: DNSServer, _ counters: UDPCounters) async throws -> Bool {
  let isReached = await eventually { server.udpCounters == counters }
  if !isReached { Issue.record("\(server.udpCounters)") }
  return isReached
}

/// Sends IPv4 datagrams from any source; needs CAP_NET_RAW.
private final class ForgedUDP {
  static var isPermitted: Bool { (try? ForgedUDP()) != nil }

  private let descriptor: Int32

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_RAW.rawValue), Int32(IPPROTO_RAW))
    guard descriptor >= 0 else { throw ClientError("socket") }
  }

  deinit { close(descriptor) }

  func send(
    _ payload: [UInt8], from host: String, port: UInt16, to address: ListenAddress
  ) throws {
    // The kernel fills in the zeros of the IP header; a UDP checksum of zero is none.
    let header: [UInt8] =
      [0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0] + octets(host) + octets(address.ipAddress)
    let fields = [port, address.port, UInt16(8 + payload.count), 0]
    let datagram = header + fields.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] } + payload
    let sent = withNumericAddress(address.ipAddress, 0) {
      sendto(descriptor, datagram, datagram.count, 0, $0, $1)
    }
    guard sent == datagram.count else { throw ClientError("sendto") }
  }

  private func octets(_ host: String) -> [UInt8] {
    host.split(separator: ".").compactMap { UInt8($0) }
  }
}
