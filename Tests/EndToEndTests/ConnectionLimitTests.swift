// As many TCP connections as the server lets in, and one more.

import DNSWire
import Glibc
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Limits of connections")
  struct ConnectionLimits {
    private static let query = QueryMessage("www.example.org.", .a)

    @Test("The connection after 1,000 closes the one longest without a complete query")
    func total() async throws {
      try await withLimits { port in
        // The last octets of the sources: 127.0.0.2 to 127.0.0.11, with 100 each.
        var clients = try (0..<1_000).map { number in
          try DNSConnection(port: port, from: UInt8(2 + number / 100))
        }
        for client in clients { try expectAnswer(client) }
        // Not the oldest one is now longest without a query, and a part of one does not count.
        try expectAnswer(clients[0])
        try clients[1].send(Array(DNSConnection.framed(Self.query.octets).dropLast()))

        let further = try DNSConnection(port: port, from: 12)
        try expectAnswer(further)
        #expect(clients[1].isEnded())
        clients.remove(at: 1)
        for client in clients + [further] { try expectAnswer(client) }
      }
    }

    @Test("One address has 100 connections, a further one is closed, other addresses get in")
    func oneAddress() async throws {
      try await withLimits { port in
        var clients = try (0..<100).map { _ in try DNSConnection(port: port, from: 2) }
        for client in clients { try expectAnswer(client) }
        for _ in 0..<3 { #expect(try DNSConnection(port: port, from: 2).isEnded()) }
        try expectAnswer(try DNSConnection(port: port, from: 3))
        for client in clients { try expectAnswer(client) }

        clients.removeLast(50)
        // The server learns of those that are gone in its own time.
        var letIn: [DNSConnection] = []
        let deadline = ContinuousClock.now + .seconds(10)
        while letIn.count < 50, ContinuousClock.now < deadline {
          let client = try DNSConnection(port: port, from: 2)
          if (try? client.ask(Self.query)) != nil { letIn.append(client) }
        }
        #expect(letIn.count == 50)
        withExtendedLifetime(clients) {}
      }
    }

    private func withLimits(
      _ body: @escaping @Sendable (_ port: UInt16) throws -> Void
    ) async throws {
      try await withExample { server in
        try allowDescriptors(2_000)
        let port = server.ready.dnsPort
        try await server.expectNoDescriptorLeft {
          try await onOwnThread { try body(port) }
        }
      }
    }

    private func expectAnswer(_ client: DNSConnection) throws {
      #expect(try client.ask(Self.query).answer == "www.example.org. 300 IN A 192.0.2.80")
    }
  }
}

/// Lets this process, the clients', have so many descriptors open.
private func allowDescriptors(_ count: rlim_t) throws {
  let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  var limit = rlimit()
  getrlimit(resource, &limit)
  guard limit.rlim_cur < count else { return }
  limit.rlim_cur = count
  guard count <= limit.rlim_max, setrlimit(resource, &limit) == 0 else {
    throw Failure("this test needs \(count) descriptors, the hard limit is \(limit.rlim_max)")
  }
}
