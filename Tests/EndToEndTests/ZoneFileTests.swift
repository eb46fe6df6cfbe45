// Zone files beside the registered names.

import Testing

extension EndToEnd {
  @Suite("Zone files")
  struct ZoneFiles {
    @Test("A zone beside the service zone is served with its own serial")
    func besideServiceZone() async throws {
      try await withSite { site in
        try site.write(ZoneFileText.example, to: "zones/example.org.zone")
        let server = try await site.startServer()
        try await server.registerThree()
        let www = try await server.dig("www.example.org", "A")
        #expect(www.answer == ["www.example.org. 300 IN A 192.0.2.80"])
        #expect(www.flags.contains("aa"))
        let alias = try await server.dig("alias.example.org", "A")
        #expect(alias.values("CNAME") == ["www.example.org."])
        #expect(alias.values("A") == ["192.0.2.80"])
        let soa = "ns.example.org. hostmaster.example.org. 7 3600 600 86400 60"
        #expect(try await server.digShort("example.org", "SOA") == [soa])
        let missing = try await server.dig("none.example.org", "A")
        #expect(missing.status == "NXDOMAIN")
        #expect(missing.authority == ["example.org. 60 IN SOA \(soa)"])
        #expect(try await server.digShort("web.mesh.internal", "A").count == 3)
      }
    }

    @Test("A zone file of the service zone's name and the registered names are one zone")
    func sharedApex() async throws {
      try await withSite { site in
        try site.write(ZoneFileText.mesh, to: "zones/mesh.internal.zone")
        var server = try await site.startServer()
        let serial = try await server.serial()
        #expect(serial >= 1000)
        try await server.registerThree()
        #expect(try await server.serial() > serial)
        #expect(try await server.digShort("db.mesh.internal", "A") == ["192.0.2.7"])
        #expect(try await server.digShort("ns.mesh.internal", "A") == ["192.0.2.54"])
        #expect(try await server.digShort("web.mesh.internal", "A").count == 3)
        let last = try await server.serial()
        server = try await server.killAndStartAgain()
        #expect(try await server.serial() > last)
        #expect(try await server.digShort("db.mesh.internal", "A") == ["192.0.2.7"])
        #expect(try await server.digShort("web.mesh.internal", "A").count == 3)
      }
    }

    @Test(
      "A registration that a static record covers is 409 and says which name it is",
      arguments: [("db", "a", "db.mesh.internal."), ("child", "a", "child.mesh.internal.")])
    func conflict(service: String, id: String, name: String) async throws {
      try await withSite { site in
        try site.write(ZoneFileText.mesh, to: "zones/mesh.internal.zone")
        let server = try await site.startServer()
        let reply = try await server.put(service, id, #"{"address": "10.0.0.1"}"#)
        #expect(reply.status == 409)
        #expect(reply.contentType.hasPrefix("application/problem+json"))
        #expect(reply["detail"]?.contains(name) == true, "\(reply)")
        #expect(try await server.curl("GET", "/v1/services/\(service)").status == 404)
        #expect(try await server.put("other", id, #"{"address": "10.0.0.1"}"#).status == 201)
      }
    }

    @Test("A broken file is named with line and reason; its zone fails, all others are served")
    func brokenFile() async throws {
      try await withSite { site in
        try site.write(ZoneFileText.broken, to: "zones/broken.org.zone")
        try site.write(ZoneFileText.example, to: "zones/example.org.zone")
        let server = try await site.startServer()
        let reasons = server.log.split(separator: "\n").filter {
          $0.contains("broken.org.zone:4: ") && $0.contains("error")
        }
        #expect(reasons.count == 1, "\(server.log)")

        for name in ["broken.org", "ns.broken.org", "x.y.broken.org"] {
          let reply = try await server.dig(name, "A")
          #expect(reply.status == "SERVFAIL" && !reply.flags.contains("aa"))
          #expect(reply.extendedError?.hasPrefix("14 (Not Ready)") == true, "\(reply.text)")
        }
        #expect(try await server.digShort("www.example.org", "A") == ["192.0.2.80"])
        try await server.registerThree()
        #expect(try await server.digShort("web.mesh.internal", "A").count == 3)
      }
    }

    @Test("A broken file for the service zone itself ends the start with line and reason")
    func brokenServiceZone() async throws {
      try await withSite { site in
        try site.write(ZoneFileText.broken, to: "zones/mesh.internal.zone")
        let output = try await site.rollcall([
          "serve", "--dns", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data", "data", "--zones",
          "zones",
        ])
        expectOneLine(output, naming: ["zones/mesh.internal.zone:4: "])
      }
    }

    @Test("At start a static record wins over an instance; a warning says so and it is kept")
    func staticWins() async throws {
      try await withSite { site in
        var server = try await site.startServer()
        try await server.register(
          "db", "a", #"{"address": "10.0.0.9", "lease_seconds": 300}"#)
        server.kill()
        try site.write(ZoneFileText.mesh, to: "zones/mesh.internal.zone")
        server = try await server.startAgain()
        #expect(try await server.digShort("db.mesh.internal", "A") == ["192.0.2.7"])
        #expect(
          server.log.split(separator: "\n").contains {
            $0.contains("warning") && $0.contains("db.mesh.internal")
          })
        #expect(try await server.curl("GET", "/v1/services/db/instances/a").status == 200)
      }
    }
  }
}
