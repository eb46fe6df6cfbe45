// Zone files that change while the server runs.

import Foundation
import Glibc
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Reload")
  struct Reload {
    private static let example = ZoneFileText.example
    private static let changed =
      example.replacingOccurrences(of: "192.0.2.80", with: "192.0.2.81")
      .replacingOccurrences(of: " 7 ", with: " 8 ")

    private func results(_ reply: RunningServer.Reply) throws -> [String: String] {
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(reply.body.utf8)) as? [String: Any])
      let zones = try #require(object["zones"] as? [[String: Any]])
      return Dictionary(
        uniqueKeysWithValues: zones.map {
          ($0["zone"] as? String ?? "", $0["result"] as? String ?? "")
        }
      )
    }

    @Test("The API reloads added, changed, removed and broken files and says what it did")
    func overTheAPI() async throws {
      try await withSite { site in
        try site.write(Self.example, to: "zones/example.org.zone")
        try site.write(Self.example, to: "zones/gone.org.zone")
        try site.write(Self.example, to: "zones/bad.org.zone")
        let server = try await site.startServer()
        try await server.registerThree()
        try site.write(Self.changed, to: "zones/example.org.zone")
        try site.write(Self.example, to: "zones/new.org.zone")
        try FileManager.default.removeItem(atPath: site.path("zones/gone.org.zone"))
        var reply = try await server.curl("POST", "/v1/zones/reload")
        #expect(reply.status == 200, "\(reply)")
        #expect(
          try results(reply) == [
            "example.org.": "changed", "new.org.": "added", "gone.org.": "removed",
            "bad.org.": "unchanged", "mesh.internal.": "unchanged",
          ])
        #expect(try await server.digShort("www.example.org", "A") == ["192.0.2.81"])
        #expect(try await server.digShort("www.new.org", "A") == ["192.0.2.80"])
        #expect(try await server.dig("www.gone.org", "A").status == "REFUSED")

        try site.write(ZoneFileText.broken, to: "zones/bad.org.zone")
        reply = try await server.curl("POST", "/v1/zones/reload")
        #expect(reply.status == 422)
        #expect(reply["detail"]?.contains("bad.org.zone:4: ") == true, "\(reply)")
        #expect(try results(reply)["bad.org."] == "kept")
        #expect(try await server.digShort("www.bad.org", "A") == ["192.0.2.80"])
        #expect(try await server.digShort("web.mesh.internal", "A").count == 3)
      }
    }

    @Test("SIGHUP reloads, says so in the log, and the server goes on")
    func hangup() async throws {
      try await withSite { site in
        try site.write(Self.example, to: "zones/example.org.zone")
        let server = try await site.startServer()
        try await server.registerThree()
        for (round, text) in [Self.changed, Self.example].enumerated() {
          try site.write(text, to: "zones/example.org.zone")
          server.child.send(SIGHUP)
          try await wait(for: "reload \(round + 1)") {
            server.log.components(separatedBy: "zones reloaded").count == round + 2
          }
          let address = round == 0 ? "192.0.2.81" : "192.0.2.80"
          #expect(try await server.digShort("www.example.org", "A") == [address])
        }
        #expect(server.log.contains("its serial is not later than before"))
        #expect(try await server.digShort("web.mesh.internal", "A").count == 3)
        server.child.send(SIGTERM)
        #expect(try await server.child.waitForEnd() == .exit(0))
      }
    }

    @Test("The service zone's own file can come, change and go under registered names")
    func serviceZone() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.registerThree()
        let start = try await server.serial()
        try site.write(ZoneFileText.mesh, to: "zones/mesh.internal.zone")
        #expect(try await server.curl("POST", "/v1/zones/reload").status == 200)
        #expect(try await server.digShort("db.mesh.internal", "A") == ["192.0.2.7"])
        #expect(try await server.digShort("web.mesh.internal", "A").count == 3)
        let serial = try await server.serial()
        #expect(serial >= 1000 && serial > start)

        try site.write(ZoneFileText.broken, to: "zones/mesh.internal.zone")
        #expect(try await server.curl("POST", "/v1/zones/reload").status == 422)
        #expect(try await server.digShort("db.mesh.internal", "A") == ["192.0.2.7"])

        try site.write(
          ZoneFileText.mesh + "web-1.web A 192.0.2.99\n", to: "zones/mesh.internal.zone")
        let refused = try await server.curl("POST", "/v1/zones/reload")
        #expect(refused.status == 409)
        #expect(refused["detail"]?.contains("web-1.web.mesh.internal.") == true, "\(refused)")
        #expect(try await server.digShort("web-1.web.mesh.internal", "A") == ["10.0.0.1"])
        #expect(try await server.serial() == serial)

        try FileManager.default.removeItem(atPath: site.path("zones/mesh.internal.zone"))
        #expect(try await server.curl("POST", "/v1/zones/reload").status == 200)
        let gone = try await server.dig("db.mesh.internal", "A")
        #expect(gone.status == "NXDOMAIN", "\(gone)")
        #expect(try await server.digShort("web.mesh.internal", "A").count == 3)
        #expect(try await server.serial() == serial + 1)
        #expect(try await server.killAndStartAgain().serial() == serial + 2)
      }
    }

    @Test("A zone refused at start is served when its file is mended")
    func mended() async throws {
      try await withSite { site in
        try site.write(ZoneFileText.broken, to: "zones/example.org.zone")
        let server = try await site.startServer()
        #expect(try await server.dig("www.example.org", "A").status == "SERVFAIL")
        try site.write(Self.example, to: "zones/example.org.zone")
        #expect(try await server.curl("POST", "/v1/zones/reload").status == 200)
        #expect(try await server.digShort("www.example.org", "A") == ["192.0.2.80"])
      }
    }

    @Test("When the directory is gone everything stays as it was")
    func directoryGone() async throws {
      try await withSite { site in
        try site.write(Self.example, to: "zones/example.org.zone")
        let server = try await site.startServer()
        try FileManager.default.moveItem(
          atPath: site.path("zones"), toPath: site.path("elsewhere"))
        let reply = try await server.curl("POST", "/v1/zones/reload")
        #expect(reply.status == 422)
        #expect(reply["detail"]?.contains("zones") == true)
        #expect(try await server.digShort("www.example.org", "A") == ["192.0.2.80"])
      }
    }

    @Test("A default directory that is gone is no empty one")
    func defaultDirectoryGone() async throws {
      try await withSite { site in
        try site.write(Self.example, to: "zones/example.org.zone")
        let child = try site.start(
          [
            Site.program, "serve", "--dns", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data",
            "data",
          ], output: "output", errors: "log")
        let ready = try await site.readyLine(of: child, log: "log")
        let server = RunningServer(site: site, child: child, ready: ready, logName: "log")
        try FileManager.default.moveItem(
          atPath: site.path("zones"), toPath: site.path("elsewhere"))
        #expect(try await server.curl("POST", "/v1/zones/reload").status == 422)
        #expect(try await server.digShort("www.example.org", "A") == ["192.0.2.80"])
      }
    }

    @Test("Queries during reloads see the old zones or the new ones, never a mixture")
    func duringReloads() async throws {
      try await withSite { site in
        func write(_ version: Int) throws {
          for zone in ["one.org", "two.org"] {
            try site.write(
              "@ 60 SOA ns h \(version) 1 1 1 1\n@ 60 NS ns\nns 60 A 192.0.2.53\n"
                + "alias 60 CNAME v\(version).two.org.\nv\(version) 60 A 192.0.2.\(version)\n",
              to: "zones/\(zone).zone")
          }
        }
        try write(1)
        let server = try await site.startServer()
        let asked = Task { () -> [String] in
          var faults: [String] = []
          while !Task.isCancelled {
            let lines = try await server.digShort("alias.one.org", "A")
            let version = lines.first?.dropFirst().prefix { $0 != "." } ?? ""
            if lines != ["v\(version).two.org.", "192.0.2.\(version)"] {
              faults.append("\(lines)")
            }
          }
          return faults
        }
        for version in 2...20 {
          try write(version)
          #expect(try await server.curl("POST", "/v1/zones/reload").status == 200)
        }
        asked.cancel()
        #expect(try await asked.value == [])
      }
    }
  }
}
