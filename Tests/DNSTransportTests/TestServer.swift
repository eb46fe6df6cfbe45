// A server with a simple answerer for one test, and what the tests wait for.

import DNSTransport
import Glibc
import Logging
import Synchronization
import Testing

/// All suites of this target, one test at a time: they look at the process's sockets and threads.
@Suite("DNS over sockets", .serialized, .timeLimit(.minutes(2)))
enum TransportTests {}

/// Opens and starts a server, calls `body`, and shuts it down.
func withServer(
  _ address: String = "127.0.0.1:0", workers: Int = 1, limits: TCPLimits = TCPLimits(),
  answering makeAnswerer: @escaping MakeAnswerer = { echo },
  _ body: (DNSServer, ListenAddress) async throws -> Void
) async throws {
  let server = try open(address, workers: workers, limits: limits, answering: makeAnswerer)
  try await server.start()
  do {
    try await body(server, server.boundAddresses[0])
  } catch {
    await server.shutdown()
    throw error
  }
  await server.shutdown()
}

func open(
  _ addresses: String..., workers: Int = 1, limits: TCPLimits = TCPLimits(),
  answering makeAnswerer: @escaping MakeAnswerer = { echo }
) throws -> DNSServer {
  try DNSServer.open(
    addresses: addresses.map { try ListenAddress($0) }, workers: workers, limits: limits,
    makeAnswerer: makeAnswerer, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
}

/// Replies with the query.
func echo(_ exchanges: UnsafeMutableBufferPointer<Exchange>) {
  for index in exchanges.indices {
    exchanges[index].reply.copyMemory(from: exchanges[index].query)
    exchanges[index].replyLength = exchanges[index].query.count
  }
}

/// Replies with the first octets of the query and zeros up to `length`.
func reply(length: Int) -> AnswerBatch {
  { exchanges in
    for index in exchanges.indices {
      let reply = exchanges[index].reply
      reply.baseAddress!.initializeMemory(as: UInt8.self, repeating: 0, count: length)
      let query = exchanges[index].query.prefix(length)
      reply.copyMemory(from: UnsafeRawBufferPointer(rebasing: query))
      exchanges[index].replyLength = length
    }
  }
}

/// Waits until `condition` holds; false when it does not within 20 s.
func eventually(_ condition: () -> Bool) async -> Bool {
  let deadline = ContinuousClock.now + .seconds(20)
  while !condition() {
    guard ContinuousClock.now < deadline else { return false }
    await Task.yield()
  }
  return true
}

/// A door that answerers wait at; closed at first.
final class Gate: Sendable {
  private let isOpen = Atomic(false)
  private let waiting = Atomic(0)

  var isSomebodyWaiting: Bool { waiting.load(ordering: .acquiring) > 0 }

  func open() { isOpen.store(true, ordering: .releasing) }

  func pass() {
    waiting.wrappingAdd(1, ordering: .releasing)
    while !isOpen.load(ordering: .acquiring) { sched_yield() }
    waiting.wrappingSubtract(1, ordering: .releasing)
  }
}

/// How many sockets of this process have `port` on their side.
func socketCount(port: UInt16) -> Int {
  (0..<Int32(getdtablesize())).count { descriptor in
    var form = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutableBytes(of: &form) { bytes in
      let name = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress!
      guard getsockname(descriptor, name, &length) == 0 else { return false }
      guard [AF_INET, AF_INET6].contains(Int32(name.pointee.sa_family)) else { return false }
      return bytes.load(fromByteOffset: 2, as: UInt16.self) == port.bigEndian
    }
  }
}
