// What becomes of records when lines can't be written as fast as queries come.

import DNSTransport
import DNSWire
import Dispatch
import Logging
import Synchronization
import TestSupport
import Testing

@testable import QueryLog

@Suite("The queue of the query log")
struct QueryLogTests {
  @Test("what a full queue can't take is counted, and what it took is written")
  func drops() {
    let gate = Gate()
    let log = QueryLog(every: 1, logger: Logger(label: "test") { _ in GatedLog(gate: gate) })
    let record = withExchange { QueryRecord($0, isForwarded: false) }
    // The first one is taken out by the writer, which then waits at the gate.
    log.add(record)
    gate.waitUntilReached()
    for _ in 0..<(QueryLog.queueLimit + 10) { log.add(record) }
    #expect(log.droppedCount == 10)
    gate.open()
    log.flush()
    #expect(log.lineCount == QueryLog.queueLimit + 1)
    #expect(gate.lines == QueryLog.queueLimit + 1)
    log.add(record)
    log.flush()
    #expect(log.lineCount == QueryLog.queueLimit + 2)
  }

  @Test("a query that gets no reply has a line that says so")
  func notesNoReply() {
    let fields = withExchange { QueryRecord($0, isForwarded: false).fields(listeners: []) }
    #expect(fields["rcode"] == "none")
    #expect(fields["name"] == "web.mesh.internal.")
    #expect(fields["listener"] == nil)
  }
}

/// An exchange with a query and no reply.
private func withExchange<Result>(_ body: (Exchange) -> Result) -> Result {
  let query = QueryMessage("web.mesh.internal.", .a).octets
  let client: [UInt8] = [127, 0, 0, 1]
  let reply = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 8)
  defer { reply.deallocate() }
  return query.withUnsafeBytes { query in
    client.withUnsafeBytes { client in
      body(
        Exchange(
          query: query, client: client, clientPort: 4_000, listener: 0, reply: reply,
          transport: .udp))
    }
  }
}

/// Where a log stops until it is let through.
private final class Gate: Sendable {
  private let reached = DispatchSemaphore(value: 0)
  private let opened = DispatchSemaphore(value: 0)
  private let count = Atomic(0)

  var lines: Int { count.load(ordering: .relaxed) }

  func pass() {
    if count.add(1, ordering: .relaxed).newValue == 1 {
      reached.signal()
      opened.wait()
    }
  }

  func waitUntilReached() { reached.wait() }
  func open() { opened.signal() }
}

private struct GatedLog: LogHandler {
  let gate: Gate
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.error

  init(gate: Gate) {
    self.gate = gate
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    gate.pass()
  }
}
