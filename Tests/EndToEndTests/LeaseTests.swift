// When an instance leaves the answers that nobody renews.

import DNSWire
import Glibc
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Leases")
  struct Leases {
    @Test("An instance leaves within its lease + 100 ms, not before; a renewed one stays")
    func end() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let watch = try await LeaseWatch.run(server, lease: 2, renewing: true)
        #expect(watch.faults.isEmpty)
        #expect(try await server.digShort("web.mesh.internal", "A") == [LeaseWatch.staying])
        #expect(try await server.curl("GET", "/v1/services/web/instances/leaving").status == 404)
        #expect(try await server.dig("leaving.web.mesh.internal", "A").status == "NXDOMAIN")
        let renewal = try await server.curl("POST", "/v1/services/web/instances/leaving/renew")
        #expect(renewal.status == 404)
        #expect(renewal.body.contains("register it again"))
      }
    }

    @Test("A renewal starts the whole lease anew, without a new revision or serial")
    func renewal() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let json = #"{"address": "10.0.0.1", "lease_seconds": 3600}"#
        let registered = try await server.register("web", "a", json)
        let serial = try await server.serial()
        let renewed = try await server.curl("POST", "/v1/services/web/instances/a/renew")
        #expect(renewed.status == 200 && renewed.revision == registered.revision)
        #expect(renewed["expires_at"] != registered["expires_at"])
        let again = try await server.put("web", "a", json)
        #expect(again.status == 200 && again.revision == registered.revision)
        #expect(try await server.serial() == serial)
      }
    }

    @Test("Many leases that end at once are all out within 100 ms")
    func manyAtOnce() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let (dns, port) = (server.dns, server.ready.httpPort)
        let left = try await onOwnThread {
          let http = try HTTPConnection(port: port)
          for number in 1...200 {
            try http.register(
              "many", "i-\(number)", #"{"address": "10.0.0.\#(number)", "lease_seconds": 2}"#)
          }
          let last = ContinuousClock.now + .seconds(2) + .milliseconds(100)
          var reply = try dns.ask("many.mesh.internal.", .a, over: .tcp)
          while ContinuousClock.now <= last {
            reply = try dns.ask("many.mesh.internal.", .a, over: .tcp)
          }
          reply = try dns.ask("many.mesh.internal.", .a, over: .tcp)
          return (reply.answer.count, reply.code)
        }
        #expect(left == (0, .noError))
      }
    }
  }
}

/// Watches two instances of `web`: one is never renewed, the other may be.
struct LeaseWatch: Sendable {
  static let leaving = "10.0.0.1"
  static let staying = "10.0.0.2"
  /// How long after its lease end an instance may still be in an answer.
  static let grace = Duration.milliseconds(100)

  /// What was seen that may not be.
  private(set) var faults: [String] = []

  /// Registers both, calls `meanwhile`, and asks every few milliseconds over UDP until after the
  /// lease end.
  static func run(
    _ server: RunningServer, lease: Int, renewing: Bool,
    meanwhile: () async throws -> Void = {}
  ) async throws -> LeaseWatch {
    let (dns, port) = (server.dns, server.ready.httpPort)
    let (asked, replied) = try await onOwnThread {
      let http = try HTTPConnection(port: port)
      func register(_ id: String, _ address: String, _ lease: Int) throws {
        try http.register("web", id, #"{"address": "\#(address)", "lease_seconds": \#(lease)}"#)
      }
      try register("staying", staying, renewing ? lease : 300)
      let asked = ContinuousClock.now
      try register("leaving", leaving, lease)
      return (asked, ContinuousClock.now)
    }
    try await meanwhile()
    return try await onOwnThread {
      let http = try HTTPConnection(port: port)
      var watch = LeaseWatch()
      var nextRenewal = replied + .milliseconds(500)
      while ContinuousClock.now < replied + .seconds(lease) + .milliseconds(700) {
        if renewing, ContinuousClock.now > nextRenewal {
          try http.request("POST", "/v1/services/web/instances/staying/renew")
          nextRenewal = nextRenewal + .milliseconds(500)
        }
        let sent = ContinuousClock.now
        let reply = try dns.ask("web.mesh.internal.", .a)
        watch.judge(
          reply, sent: sent, came: .now, earliest: asked + .seconds(lease),
          latest: replied + .seconds(lease))
        // A few hundred queries a second are enough.
        poll(nil, 0, 3)
      }
      return watch
    }
  }

  private mutating func judge(
    _ reply: Message, sent: ContinuousClock.Instant, came: ContinuousClock.Instant,
    earliest: ContinuousClock.Instant, latest: ContinuousClock.Instant
  ) {
    let values = reply.answer.values
    if !values.contains(Self.staying) { faults.append("the other left at \(sent - latest)") }
    if values.contains(Self.leaving) {
      if sent > latest + Self.grace { faults.append("still there \(sent - latest) after the end") }
      // The server's clock has a grain of 20 ms.
      let ttl = Duration.seconds(reply.answer.ttls.max() ?? 0)
      if ttl > .zero, sent + ttl > latest + .milliseconds(20) {
        faults.append("a TTL of \(ttl) at \(sent - latest)")
      }
    } else if came < earliest {
      faults.append("gone \(earliest - came) before the end")
    }
  }
}
