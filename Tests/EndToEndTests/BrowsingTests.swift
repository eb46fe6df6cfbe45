// Browsing with dig, as avahi-browse and dns-sd do (RFC 6763).

import TestSupport
import Testing

extension EndToEnd {
  @Suite("Browsing")
  struct Browsing {
    private static let registration =
      #"{"address": "10.0.0.1", "ports": {"http": 8080}, "metadata": {"path": "/"}}"#

    @Test("From the domain to types, to instances, to address and port")
    func browsing() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.register("web", "a", Self.registration)
        let domain = try await server.digShort("b._dns-sd._udp.mesh.internal", "PTR")
        #expect(domain == ["mesh.internal."])
        let types = try await server.digShort("_services._dns-sd._udp.mesh.internal", "PTR")
        #expect(types == ["_http._tcp.mesh.internal."])
        let list = try await server.dig(types[0], "PTR")
        #expect(list.values("PTR") == [#"a\.web._http._tcp.mesh.internal."#])
        #expect(list.additional.count == 3, "\(list.text)")
        let name = list.values("PTR")[0]
        #expect(try await server.digShort(name, "SRV") == ["0 1 8080 a.web.mesh.internal."])
        #expect(try await server.digShort(name, "TXT") == ["\"path=/\""])
        server.kill()
        let restarted = try await site.startServer()
        #expect(try await restarted.digShort(types[0], "PTR") == [name])
      }
    }

    @Test("The text of the zone has all of it, once, and can be served as a static zone")
    func text() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.register("web", "a", Self.registration)
        try await server.register("http", "b", Self.registration.replacing("0.1", with: "0.2"))
        try await server.register("http", "c", #"{"address": "10.0.0.3", "port": 80}"#)
        let text = try await server.curl("GET", "/v1/zones/mesh.internal").body
        let lines = text.split(separator: "\n")
        #expect(Set(lines).count == lines.count, "\(text)")
        try site.write(text, to: "zones/mesh.internal.zone")
        server.kill()
        let other = try await site.startServer(["--zone", "other.internal", "--data", "elsewhere"])
        let list = try await other.digShort("_http._tcp.mesh.internal", "PTR")
        #expect(list.count == 2, "\(list)")
        for name in list { #expect(try await other.digShort(name, "SRV").count == 1) }
        #expect(try await other.digShort("_http._tcp.mesh.internal", "SRV").count == 1)
      }
    }

    @Test("Metadata that is not to be published is not in TXT here either")
    func hiddenMetadata() async throws {
      try await withSite { site in
        let server = try await site.startServer(
          environment: ["ROLLCALL_PUBLISH_METADATA": "false"])
        try await server.register("web", "a", Self.registration)
        #expect(
          try await server.digShort(#"a\.web._http._tcp.mesh.internal"#, "TXT") == ["\"\""])
      }
    }

    @Test("In a zone with a long name, what can't be listed is said")
    func longZone() async throws {
      try await withSite { site in
        let label = String(repeating: "z", count: 62)
        let zone = "\(label).\(label).\(label)"
        let server = try await site.startServer(["--zone", zone])
        let service = String(repeating: "s", count: 45)
        let reply = try await server.curl(
          "PUT", "/v1/services/\(service)/instances/instance-a",
          #"{"address": "10.0.0.1", "ports": {"http": 80}}"#)
        #expect(reply.status == 201, "\(reply.body)")
        #expect(reply["warnings"]?.contains("longer than 255 octets") == true, "\(reply.body)")
        #expect(try await server.dig("_http._tcp.\(zone)", "PTR").status == "NOERROR")
        #expect(try await server.digShort("_http._tcp.\(zone)", "PTR").isEmpty)
      }
    }
    @Test("With reverse_zones an address leads back to its instance; the zone's text has it")
    func reverseZones() async throws {
      try await withSite { site in
        let server = try await site.startServer(
          environment: ["ROLLCALL_REVERSE_ZONES": "10.in-addr.arpa"])
        try await server.register("web", "a", Self.registration)
        #expect(try await server.digShort("-x", "10.0.0.1") == ["a.web.mesh.internal."])
        #expect(try await server.dig("-x", "192.0.2.1").status == "REFUSED")
        let text = try await server.curl("GET", "/v1/zones/10.in-addr.arpa").body
        #expect(text.contains("1.0.0.10.in-addr.arpa.\t5\tIN\tPTR\ta.web.mesh.internal."))
        try site.write("@ SOA ns a 1 2 3 4 5\n@ NS ns\n", to: "zones/10.in-addr.arpa.zone")
        let reload = try await server.curl("POST", "/v1/zones/reload")
        #expect(reload.status == 422 && reload.body.contains("reverse_zones has this zone"))
        #expect(try await server.digShort("-x", "10.0.0.1") == ["a.web.mesh.internal."])
      }
    }
  }
}
