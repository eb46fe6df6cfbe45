// Zones in presentation format, as another server reads them.

import Testing

extension EndToEnd {
  @Suite("Zones as text")
  struct ZoneTexts {
    @Test("The text of a static zone is a zone file of the same zone")
    func staticZone() async throws {
      try await withSite { site in
        try site.write(ZoneFileText.example, to: "zones/example.org.zone")
        let server = try await site.startServer()
        let text = try await server.curl("GET", "/v1/zones/example.org")
        #expect((text.status, text.contentType) == (200, "text/dns"))
        #expect(text.body.contains("alias.example.org.\t"))
        try site.write(text.body, to: "zones/example.org.zone")
        let reload = try await server.curl("POST", "/v1/zones/reload")
        #expect(!(reload["zones"] ?? "").contains(#""result":"changed""#), "\(reload)")
        #expect(try await server.curl("GET", "/v1/zones/example.org.").body == text.body)
      }
    }

    @Test("The text of the service zone can be served as a static one")
    func serviceZone() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.registerThree()
        let text = try await server.curl("GET", "/v1/zones/mesh.internal").body
        try site.write(text, to: "zones/mesh.internal.zone")
        server.kill()
        let other = try await site.startServer(["--zone", "other.internal", "--data", "elsewhere"])
        let zones = try await other.curl("GET", "/v1/zones")
        #expect(zones["zones"]?.contains("mesh.internal.") == true)
        let addresses = try await other.digShort("web.mesh.internal", "A")
        #expect(addresses.sorted() == ["10.0.0.1", "10.0.0.2", "10.0.0.3"])
        #expect(try await other.digShort("_web._tcp.mesh.internal", "SRV").count == 3)
        #expect(try await other.digShort("web-1.web.mesh.internal", "TXT") == ["\"\""])
      }
    }

    @Test("A zone whose file is refused is listed without a serial and has no text")
    func brokenZone() async throws {
      try await withSite { site in
        try site.write("this is no zone file\n", to: "zones/broken.org.zone")
        let server = try await site.startServer()
        let list = try await server.curl("GET", "/v1/zones")
        #expect(list["zones"]?.contains("broken.org.") == true)
        #expect(try await server.curl("GET", "/v1/zones/broken.org").status == 503)
        let why = try await server.curl("GET", "/v1/explain?name=www.broken.org")
        #expect((why["code"], why["cause"]) == ("SERVFAIL", "broken-zone"))
      }
    }
  }
}
