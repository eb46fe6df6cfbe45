// What is left after kill -9 and a start on the same ports and data.

import DNSWire
import Synchronization
import TestSupport
import Testing

extension EndToEnd {
  @Suite("kill -9 and restart")
  struct Restart {
    @Test("All that was registered is back, the serial is higher, the revision is not lower")
    func everythingIsBack() async throws {
      try await withSite { site in
        var server = try await site.startServer()
        try await server.registerThree()
        try await server.register(
          "web.prod", "a",
          #"""
          {"addresses": ["10.1.0.1", "fd00::1"], "port": 80, "weight": 3, "priority": 2,
           "ports": {"dns": {"port": 53, "protocol": "udp"}}, "tags": ["v2"],
           "metadata": {"version": "1.2"}, "status": "warning", "lease_seconds": null}
          """#)
        for _ in 1...2 {
          let before = try await Snapshot(of: server)
          server = try await server.killAndStartAgain()
          let after = try await Snapshot(of: server)
          #expect(after.answers == before.answers)
          #expect(after.instance == before.instance)
          #expect(after.serial > before.serial)
          #expect(after.revision >= before.revision)
        }
        let next = try await server.register("web", "web-4", #"{"port": 80}"#)
        #expect(try #require(next.revision) > 4)
      }
    }

    private struct Snapshot {
      var answers: [Set<String>] = []
      let instance: [String?]
      let serial: UInt32
      let revision: Int

      init(of server: RunningServer) async throws {
        let questions = [
          ("web", "A"), ("_web._tcp", "SRV"), ("web-2.web", "A"), ("web.prod", "AAAA"),
          ("_web._tcp.prod", "SRV"), ("_dns._udp.web.prod", "SRV"), ("v2.tag.web.prod", "A"),
          ("a.web.prod", "TXT"),
        ]
        for (name, type) in questions {
          let answer = Set(try await server.digShort("\(name).mesh.internal", type))
          #expect(!answer.isEmpty, "\(name) \(type)")
          answers.append(answer)
        }
        let reply = try await server.curl("GET", "/v1/services/web.prod/instances/a")
        #expect(reply.status == 200)
        instance = [
          "service", "id", "addresses", "port", "ports", "protocol", "weight", "priority", "tags",
          "metadata", "status", "lease_seconds", "revision", "registered_at", "names",
        ].map { reply[$0] }
        revision = reply.revision ?? -1
        serial = try await server.serial()
      }
    }

    @Test("In five rounds under way, every acknowledged registration is there after the restart")
    func underLoad() async throws {
      try await withSite { site in
        var server = try await site.startServer()
        var acknowledged: Set<String> = []
        var serial = try await server.serial()
        for round in 1...5 {
          let writers = Writers(port: server.ready.httpPort, round: round)
          async let ended: Void = writers.run()
          // Each round is cut at another point of the server's work.
          let enough = 20 + 13 * round
          try await wait(for: "\(enough) registrations", pause: .milliseconds(1)) {
            writers.acknowledged.withLock(\.count) >= enough
          }
          server.kill()
          try await ended
          acknowledged.formUnion(writers.acknowledged.withLock(\.self))

          server = try await server.startAgain()
          let dns = server.dns
          let targets = try await onOwnThread {
            try dns.ask("load.mesh.internal.", .srv, over: .tcp).answer.values
          }
          // The target is `<id>.load.mesh.internal.`, after priority, weight and port.
          let ids = targets.map { String($0.split(separator: " ")[3].split(separator: ".")[0]) }
          let missing = acknowledged.subtracting(ids)
          #expect(missing.isEmpty, "round \(round)")
          let now = try await server.serial()
          #expect(now > serial, "round \(round)")
          serial = now
        }
        let list = try await server.curl("GET", "/v1/services/load/instances?limit=10000")
        for id in acknowledged { #expect(list.body.contains("\"\(id)\""), "\(id)") }
      }
    }

    @Test("A restored lease runs its full length again, and then ends")
    func leasesRunAnew() async throws {
      try await withSite { site in
        var server = try await site.startServer()
        try await server.register(
          "web", "a", #"{"address": "10.0.0.1", "lease_seconds": 5}"#)
        let killed = ContinuousClock.now
        server = try await server.killAndStartAgain()
        let dns = server.dns
        var lastSeen = killed
        try await wait(for: "the lease's end", within: .seconds(30)) {
          let sent = ContinuousClock.now
          let answer = try await onOwnThread { try dns.ask("web.mesh.internal.", .a).answer }
          if answer.values == ["10.0.0.1"] { lastSeen = sent }
          return answer.isEmpty
        }
        // Seen as ready, the API has listened for a moment already.
        #expect(ContinuousClock.now >= killed + .seconds(5))
        #expect(lastSeen > killed)
        #expect(try await server.dig("web.mesh.internal", "A").status == "NOERROR")
      }
    }
  }
}

/// Clients that register instances of `load` until the server is gone.
private final class Writers: Sendable {
  /// The ids whose registration was answered with 201.
  let acknowledged = Mutex<Set<String>>([])
  private let port: UInt16
  private let round: Int

  init(port: UInt16, round: Int) {
    self.port = port
    self.round = round
  }

  func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 1...4 {
        group.addTask {
          try await onOwnThread { self.write("r\(self.round)-w\(writer)") }
        }
      }
      try await group.waitForAll()
    }
  }

  private func write(_ prefix: String) {
    guard let http = try? HTTPConnection(port: port) else { return }
    for number in 1... {
      let id = "\(prefix)-\(number)"
      let path = "/v1/services/load/instances/\(id)"
      let json = #"{"address": "10.0.0.1", "port": \#(number), "lease_seconds": 300}"#
      guard let status = try? http.request("PUT", path, json), status == 201 else { return }
      _ = acknowledged.withLock { $0.insert(id) }
    }
  }
}
