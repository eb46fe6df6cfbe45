// Opening, starting and shutting down.

import DNSTransport
import Glibc
import Synchronization
import Testing

extension TransportTests {
  @Suite("Opening")
  struct OpeningTests {
    @Test("port 0 becomes one port for UDP and TCP")
    func portZero() async throws {
      try await withServer(workers: 2) { _, address in
        #expect(address.port != 0)
        for transport in Transport.allCases {
          let client = try LoopbackSocket(transport, to: address)
          try client.send(framed(message(1)))
          #expect(client.receive() == framed(message(1)))
        }
      }
    }

    @Test("an address that another server holds is an error that names it")
    func secondOpen() async throws {
      try await withServer(workers: 2) { _, address in
        let error = #expect(throws: TransportError.addressInUse(address, .udp)) {
          _ = try open("\(address)", workers: 2)
        }
        #expect(error?.description.contains("\(address) (UDP) is in use") == true)
      }
    }

    @Test("a wildcard and one of its addresses exclude each other")
    func wildcardOverlap() async throws {
      try await withServer("0.0.0.0:0") { _, any in
        #expect(throws: TransportError.self) { _ = try open("127.0.0.1:\(any.port)") }
      }
    }

    @Test("an address that another program shares over UDP is an error")
    func sharedElsewhere() throws {
      let holder = try Holder(SOCK_DGRAM, sharing: true)
      #expect(throws: TransportError.addressInUse(holder.address, .udp)) {
        _ = try open("\(holder.address)")
      }
    }

    @Test("an address that another program holds over TCP is an error, and UDP is given up")
    func heldForTCP() throws {
      let holder = try Holder(SOCK_STREAM, sharing: false)
      #expect(throws: TransportError.addressInUse(holder.address, .tcp)) {
        _ = try open("\(holder.address)")
      }
      #expect(socketCount(port: holder.address.port) == 1)
    }

    @Test("an address of another machine is an error that names it")
    func addressOfNobody() throws {
      let address = try ListenAddress("192.0.2.1:5300")
      let error = #expect(throws: TransportError.addressNotAvailable(address, .udp)) {
        _ = try open("192.0.2.1:5300")
      }
      #expect(error?.description.contains("192.0.2.1:5300 (UDP)") == true)
    }

    @Test("when one of several addresses can't be had, none is held")
    func allOrNone() async throws {
      try await withServer { _, taken in
        let free = try open("127.0.0.1:0").boundAddresses[0]
        #expect(throws: TransportError.addressInUse(taken, .udp)) {
          _ = try open("\(free)", "\(taken)")
        }
        #expect(socketCount(port: free.port) == 0)
      }
    }

    @Test("several addresses are served by one server")
    func severalAddresses() async throws {
      let server = try open("127.0.0.1:0", "[::1]:0", "127.0.0.2:0", workers: 2)
      try await server.start()
      for address in server.boundAddresses {
        for transport in Transport.allCases {
          let client = try LoopbackSocket(transport, to: address)
          try client.send(framed(message(1)))
          #expect(client.receive() == framed(message(1)))
        }
      }
      await server.shutdown()
    }

    @Test("what arrives before the start is answered after it")
    func beforeStart() async throws {
      let server = try open("127.0.0.1:0")
      let clients = try Transport.allCases.map {
        try LoopbackSocket($0, to: server.boundAddresses[0])
      }
      for client in clients { try client.send(framed(message(1))) }
      try await server.start()
      for client in clients { #expect(client.receive() == framed(message(1))) }
      await server.shutdown()
    }
  }

  @Suite("Shutting down")
  struct ShutdownTests {
    @Test("the port is free again, and no socket and no worker is left")
    func freesEverything() async throws {
      var address = "127.0.0.1:0"
      for _ in 0..<5 {
        let server = try open(address, workers: 3)
        try await server.start()
        let bound = server.boundAddresses[0]
        address = "\(bound)"
        let clients = try Transport.allCases.map { try LoopbackSocket($0, to: bound) }
        for client in clients {
          try client.send(framed(message(1)))
          #expect(client.receive() == framed(message(1)))
        }
        await server.shutdown()
        #expect(socketCount(port: bound.port) == 0)
        #expect(workerThreads() == 0)
      }
    }

    @Test("every answerer is made and dropped on its own thread")
    func answerersEnd() async throws {
      let (made, dropped) = (ThreadLog(), ThreadLog())
      let makeAnswerer: MakeAnswerer = {
        made.note()
        let token = Token(dropped)
        return { exchanges in withExtendedLifetime(token) { echo(exchanges) } }
      }
      try await withServer(workers: 3, answering: makeAnswerer) { _, _ in
        #expect(made.threads.count == 6)
        #expect(dropped.threads.isEmpty)
      }
      #expect(Set(made.threads).count == 6)
      #expect(made.threads.sorted() == dropped.threads.sorted())
    }

    @Test("an answerer that can't be made is the error of the start, and frees everything")
    func answererFails() async throws {
      struct NoZones: Error {}
      let count = Atomic(0)
      let server = try open("127.0.0.1:0", workers: 3) {
        // The UDP workers are three; the fourth is an event loop.
        if count.wrappingAdd(1, ordering: .relaxed).newValue == 4 { throw NoZones() }
        return echo
      }
      await #expect(throws: TransportError.cannotStart(reason: "NoZones()")) {
        try await server.start()
      }
      #expect(socketCount(port: server.boundAddresses[0].port) == 0)
      #expect(workerThreads() == 0)
    }

    @Test("a server that was never started frees its port")
    func neverStarted() async throws {
      let server = try open("127.0.0.1:0", workers: 2)
      await server.shutdown()
      #expect(socketCount(port: server.boundAddresses[0].port) == 0)
      await #expect(throws: TransportError.self) { try await server.start() }
    }

    @Test("datagrams that have arrived are still answered")
    func answersDatagrams() async throws {
      let gate = Gate()
      let makeAnswerer: MakeAnswerer = {
        { exchanges in
          gate.pass()
          echo(exchanges)
        }
      }
      let server = try open("127.0.0.1:0", answering: makeAnswerer)
      try await server.start()
      let client = try LoopbackSocket(.udp, to: server.boundAddresses[0])
      try client.send(message(0))
      #expect(await eventually { gate.isSomebodyWaiting })
      for number in 1...100 { try client.send(message(number)) }
      async let stopped: Void = server.shutdown()
      gate.open()
      await stopped
      for number in 0...100 { #expect(client.receive() == message(number)) }
    }

    @Test("messages that have arrived over TCP are still answered, then the connection ends")
    func answersMessages() async throws {
      let gate = Gate()
      let makeAnswerer: MakeAnswerer = {
        { exchanges in
          gate.pass()
          echo(exchanges)
        }
      }
      let server = try open("127.0.0.1:0", answering: makeAnswerer)
      try await server.start()
      let idle = try LoopbackSocket(.tcp, to: server.boundAddresses[0])
      let client = try LoopbackSocket(.tcp, to: server.boundAddresses[0])
      try client.sendMessage(message(0))
      #expect(await eventually { gate.isSomebodyWaiting })
      for number in 1...100 { try client.sendMessage(message(number)) }
      async let stopped: Void = server.shutdown()
      gate.open()
      await stopped
      for number in 0...100 { #expect(client.receiveMessage() == message(number)) }
      #expect(client.isEnded())
      #expect(idle.isEnded())
      #expect(server.tcpCounters.closed == [TCPCloseReason.shutdown: 2])
    }

    @Test("a client that does not read its replies holds up the end for a moment only")
    func stubbornClient() async throws {
      let server = try open("127.0.0.1:0") { reply(length: 60_000) }
      try await server.start()
      let client = try LoopbackSocket(.tcp, to: server.boundAddresses[0], receiveBuffer: 4_096)
      for number in 0..<1_000 { try client.sendMessage(message(number)) }
      #expect(await eventually { server.tcpCounters.queries > 0 })
      await server.shutdown()
      #expect(server.tcpCounters.open == 0)
    }
  }
}

/// UDP workers of this process that have not ended.
private func workerThreads() -> Int {
  guard let folder = opendir("/proc/self/task") else { return -1 }
  defer { closedir(folder) }
  var count = 0
  while let entry = readdir(folder) {
    let id = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    guard let file = fopen("/proc/self/task/\(id)/comm", "r") else { continue }
    defer { fclose(file) }
    var line = [UInt8](repeating: 0, count: 32)
    let length = fread(&line, 1, line.count, file)
    count += String(decoding: line[..<length], as: UTF8.self).hasPrefix("dns-udp") ? 1 : 0
  }
  return count
}

/// Another program's socket on a port of 127.0.0.1 that the kernel picks.
private final class Holder {
  private let descriptor: Int32
  let address: ListenAddress

  init(_ type: __socket_type, sharing: Bool) throws {
    let descriptor = socket(AF_INET, Int32(type.rawValue), 0)
    self.descriptor = descriptor
    var yes: Int32 = 1
    if sharing { setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &yes, 4) }
    _ = withNumericAddress("127.0.0.1", 0) { bind(descriptor, $0, $1) }
    if type == SOCK_STREAM { listen(descriptor, 1) }
    var name = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutableBytes(of: &name) { bytes in
      getsockname(descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress!, &length)
    }
    address = try ListenAddress("127.0.0.1:\(UInt16(bigEndian: name.sin_port))")
  }

  deinit { close(descriptor) }
}

private final class ThreadLog: Sendable {
  private let noted = Mutex<[pthread_t]>([])

  var threads: [pthread_t] { noted.withLock { $0 } }

  func note() { noted.withLock { $0.append(pthread_self()) } }
}

private final class Token {
  private let log: ThreadLog

  init(_ log: ThreadLog) { self.log = log }

  deinit { log.note() }
}
