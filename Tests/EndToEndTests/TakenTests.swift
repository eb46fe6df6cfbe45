// Starts that fail because something is in use already.

import Testing

extension EndToEnd {
  @Suite("What is in use")
  struct Taken {
    @Test("A DNS port that another program holds is named", arguments: ["UDP", "TCP"])
    func dnsPort(transport: String) async throws {
      try await withSite { site in
        let holder = try LoopbackSocket(holding: 0, transport == "UDP" ? .udp : .tcp)
        let address = "127.0.0.1:\(holder.port)"
        let output = try await site.rollcall([
          "serve", "--dns", address, "--http", "127.0.0.1:0", "--data", "data",
        ])
        expectOneLine(output, naming: [address, transport, "in use"])
      }
    }

    @Test("An HTTP port that another program holds is named")
    func httpPort() async throws {
      try await withSite { site in
        let holder = try LoopbackSocket(holding: 0, .tcp)
        let address = "127.0.0.1:\(holder.port)"
        let output = try await site.rollcall([
          "serve", "--dns", "127.0.0.1:0", "--http", address, "--data", "data",
        ])
        expectOneLine(output, naming: [address, "HTTP", "in use"])
      }
    }

    @Test("A second server does not share the first one's ports in silence")
    func secondServer() async throws {
      try await withSite { site in
        let first = try await site.startServer()
        let dns = try await site.rollcall([
          "serve", "--dns", first.ready.dns, "--http", "127.0.0.1:0", "--data", "other",
        ])
        expectOneLine(dns, naming: [first.ready.dns, "in use"])
        let http = try await site.rollcall([
          "serve", "--dns", "127.0.0.1:0", "--http", first.ready.http, "--data", "other",
        ])
        expectOneLine(http, naming: [first.ready.http, "in use"])
        #expect(try await first.dig("mesh.internal", "SOA").status == "NOERROR")
        #expect(try await first.curl("GET", "/readyz").status == 200)
      }
    }

    @Test("A second server does not touch the first one's data")
    func secondOnSameData() async throws {
      try await withSite { site in
        let first = try await site.startServer()
        try await first.registerThree()
        let output = try await site.rollcall([
          "serve", "--dns", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data", "data",
        ])
        expectOneLine(output, naming: ["data", "in use by another server"])
        #expect(try await first.put("web", "web-4", #"{"port": 1}"#).status == 201)
      }
    }
  }
}
