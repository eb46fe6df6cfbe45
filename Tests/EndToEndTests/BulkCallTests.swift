// Many instances with one call, on the built program.

import DNSWire
import Testing

extension EndToEnd {
  @Suite("Bulk calls")
  struct BulkCalls {
    /// What curl says of a call whose body is in a file.
    private func status(_ site: Site, _ server: RunningServer, _ path: String) async throws
      -> String
    {
      try await site.run([
        "curl", "-sS", "--noproxy", "*", "--max-time", "60", "-o", "/dev/null", "-w",
        "%{http_code}", "-H", "Content-Type: application/json", "--data-binary",
        "@\(site.path("body"))", "http://127.0.0.1:\(server.ready.httpPort)\(path)",
      ]).text
    }

    @Test("What one call registered is in DNS when it is answered, and after kill -9")
    func durable() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let items = (0..<300).map { number in
          let address = "10.0.\(number / 100).\(number % 100)"
          return
            #"{"service": "s\#(number / 3)", "id": "i\#(number % 3)", "address": "\#(address)"}"#
        }
        try site.write(#"{"instances": [\#(items.joined(separator: ","))]}"#, to: "body")
        #expect(try await status(site, server, "/v1/instances") == "200")
        #expect(try await server.digShort("s0.mesh.internal", "A").count == 3)
        #expect(try await server.digShort("s99.mesh.internal", "A").count == 3)
        let again = try await server.killAndStartAgain()
        #expect(try await again.digShort("s0.mesh.internal", "A").count == 3)
        #expect(try await again.digShort("s99.mesh.internal", "A").count == 3)
      }
    }

    @Test("A body of 16 MiB is taken, one octet more is 413")
    func bodyLimit() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let list = #"{"renewals": []}"#
        let padding = String(repeating: " ", count: 16 * 1_024 * 1_024 - list.utf8.count)
        try site.write(padding + list, to: "body")
        #expect(try await status(site, server, "/v1/renewals") == "200")
        try site.write(padding + list + " ", to: "body")
        #expect(try await status(site, server, "/v1/renewals") == "413")
      }
    }
  }
}
