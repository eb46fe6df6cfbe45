// What still works while nothing can be committed.

import Foundation
import Glibc
import TestSupport
import Testing

extension EndToEnd {
  @Suite("A store that fails")
  struct StoreFailure {
    @Test("Changes are refused, DNS answers, an instance leaves on time; later it is removed")
    func lockedDatabase() async throws {
      try await withSite { site in
        var server = try await site.startServer()
        try await server.registerThree()
        let lock = try await DatabaseLock(site)

        let put = try await server.put("web", "web-4", #"{"address": "10.0.0.4"}"#)
        expectUnavailable(put)
        expectUnavailable(
          try await server.curl("DELETE", "/v1/services/web/instances/web-1"))
        expectUnavailable(
          try await server.curl(
            "POST", "/v1/services/web/instances/web-1/renew", #"{"status": "critical"}"#))
        #expect(
          Set(try await server.digShort("web.mesh.internal", "A"))
            == ["10.0.0.1", "10.0.0.2", "10.0.0.3"])
        let renewal = try await server.curl("POST", "/v1/services/web/instances/web-1/renew")
        #expect(renewal.status == 200)
        #expect(server.log.components(separatedBy: "changes can't be stored").count == 2)

        lock.release()
        try await wait(for: "a store that works", within: .seconds(5)) {
          try await server.put("web", "web-4", #"{"address": "10.0.0.4"}"#).status / 100 == 2
        }
        #expect(try await server.digShort("web.mesh.internal", "A").count == 4)
        #expect(server.log.contains("changes can be stored again"))
        server = try await server.killAndStartAgain()
        #expect(try await server.digShort("web.mesh.internal", "A").count == 4)
      }
    }

    @Test("An instance whose lease ends meanwhile leaves on time, and for good")
    func expiry() async throws {
      try await withSite { site in
        var server = try await site.startServer()
        var lock: DatabaseLock?
        var lockedAt: ContinuousClock.Instant?
        let begun = ContinuousClock.now
        // Long enough for another process to lock the database, however busy the machine is.
        let lease = 8
        let watch = try await LeaseWatch.run(server, lease: lease, renewing: false) {
          lock = try await DatabaseLock(site)
          lockedAt = .now
        }
        try #require(lockedAt! < begun + .seconds(lease), "locked after the lease end")
        #expect(watch.faults.isEmpty)
        expectUnavailable(try await server.put("web", "other", #"{"address": "10.0.0.4"}"#))
        #expect(try await server.curl("GET", "/v1/services/web/instances/leaving").status == 404)
        let serial = try await server.serial()

        lock?.release()
        try await wait(for: "the removal's commit", within: .seconds(10)) {
          try await server.serial() > serial
        }
        server = try await server.killAndStartAgain()
        #expect(try await server.digShort("web.mesh.internal", "A") == [LeaseWatch.staying])
        #expect(try await server.dig("leaving.web.mesh.internal", "A").status == "NXDOMAIN")
      }
    }

    @Test("A full disk is named; when there is room again, so are changes, without a restart")
    func fullDisk() async throws {
      try await withSite { site in
        // A disk of its own, which only the server sees.
        let script = """
          mkdir data && mount -t tmpfs -o size=1m rollcall data && exec "$0" serve \
            --dns 127.0.0.1:0 --http 127.0.0.1:0 --data data --zones zones
          """
        let user = geteuid() == 0 ? [] : ["--user", "--map-root-user"]
        let child = try site.start(
          ["unshare"] + user + ["--mount", "sh", "-c", script, Site.program],
          output: "serve-output", errors: "log")
        let server = RunningServer(
          site: site, child: child, ready: try await site.readyLine(of: child, log: "log"),
          logName: "log")
        try await server.registerThree()
        let filling = "/proc/\(child.pid)/root\(site.path("data"))/filling"
        let full = try await site.run(["dd", "if=/dev/zero", "of=\(filling)", "bs=1k"])
        #expect(full.errors.contains("No space left"))

        let put = try await server.put("web", "web-4", #"{"address": "10.0.0.4"}"#)
        expectUnavailable(put)
        #expect(put["detail"]?.contains("the disk is full") == true, "\(put)")
        #expect(put["outcome"] == "not-stored")
        let readiness = try await server.curl("GET", "/readyz")
        #expect(readiness.status == 503)
        #expect(readiness["detail"]?.contains("the disk is full") == true, "\(readiness)")
        #expect(try await server.curl("GET", "/healthz").status == 200)
        #expect(try await server.metrics()["rollcall_store_failing"] == 1)
        #expect(try await server.digShort("web.mesh.internal", "A").count == 3)

        #expect(try await site.run(["rm", filling]).isSuccess)
        try await wait(for: "a store that works", within: .seconds(5)) {
          try await server.put("web", "web-4", #"{"address": "10.0.0.4"}"#).status / 100 == 2
        }
        #expect(try await server.digShort("web.mesh.internal", "A").count == 4)
        #expect(try await server.curl("GET", "/readyz").status == 200)
        #expect(try await server.metrics()["rollcall_store_failing"] == 0)
        #expect(server.log.components(separatedBy: "changes can").count == 3, "\(server.log)")
      }
    }

    private func expectUnavailable(
      _ reply: RunningServer.Reply, sourceLocation: SourceLocation = #_sourceLocation
    ) {
      #expect(reply.status == 503, "\(reply)", sourceLocation: sourceLocation)
      #expect(
        reply.contentType.hasPrefix("application/problem+json"), sourceLocation: sourceLocation)
      #expect(reply["status"] == "503", sourceLocation: sourceLocation)
      #expect(reply["detail"]?.isEmpty == false, sourceLocation: sourceLocation)
    }
  }
}

/// Another program that holds SQLite's write lock on the server's database.
private struct DatabaseLock {
  private let holder: Child

  private static let script = """
    import signal, sqlite3
    database = sqlite3.connect("data/rollcall.db", isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    print("locked", flush=True)
    signal.pause()
    """

  init(_ site: Site) async throws {
    holder = try site.start(
      ["python3", "-c", Self.script], output: "lock-output", errors: "lock-errors")
    try await wait(for: "the lock") {
      let end = holder.end
      let isLocked = Site.text(of: site.path("lock-output")) == "locked\n"
      if !isLocked, end != nil { throw Failure(Site.text(of: site.path("lock-errors"))) }
      return isLocked
    }
  }

  func release() {
    holder.kill()
  }
}
