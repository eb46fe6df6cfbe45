// Limits that an operator has set: of connections, watchers, instances and services.

import DNSWire
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Limits that are set")
  struct LimitSettings {
    @Test("tcp_connections: one more closes the one longest without a query")
    func connections() async throws {
      try await withServer(["TCP_CONNECTIONS": "2"]) { server in
        let port = server.ready.dnsPort
        let first = try DNSConnection(port: port)
        let second = try DNSConnection(port: port)
        for client in [second, first, second, first] { _ = try client.ask(Self.query) }
        let third = try DNSConnection(port: port)
        #expect(try third.ask(Self.query).id == 7)
        #expect(second.isEnded())
        #expect(try first.ask(Self.query).id == 7)
      }
    }

    @Test("tcp_connections_per_address: another address is answered")
    func connectionsPerAddress() async throws {
      try await withServer(["TCP_CONNECTIONS_PER_ADDRESS": "1"]) { server in
        let port = server.ready.dnsPort
        let first = try DNSConnection(port: port)
        _ = try first.ask(Self.query)
        #expect(try DNSConnection(port: port).isEnded())
        #expect(try DNSConnection(port: port, from: 2).ask(Self.query).id == 7)
        #expect(try first.ask(Self.query).id == 7)
      }
    }

    @Test("tcp_idle_seconds: who is silent for longer is closed")
    func idle() async throws {
      try await withServer(["TCP_IDLE_SECONDS": "1"]) { server in
        let client = try DNSConnection(port: server.ready.dnsPort)
        #expect(try client.ask(Self.query).id == 7)
        #expect(client.isEnded())
      }
    }

    @Test("http_connections: one more closes the one that has waited longest")
    func requests() async throws {
      try await withServer(["HTTP_CONNECTIONS": "2"]) { server in
        let port = server.ready.httpPort
        let first = try HTTPConnection(port: port)
        let second = try HTTPConnection(port: port)
        for client in [second, first] { try #expect(client.request("GET", "/healthz") == 200) }
        try #expect(HTTPConnection(port: port).request("GET", "/healthz") == 200)
        // A request that comes before its end would keep it.
        #expect(second.isEnded())
        try #expect(first.request("GET", "/healthz") == 200)
      }
    }

    @Test("http_request_seconds: who does not end a request is closed")
    func requestTime() async throws {
      try await withServer(["HTTP_REQUEST_SECONDS": "1"]) { server in
        let client = try LoopbackSocket(.tcp, port: server.ready.httpPort)
        try client.send(Array("GET /healthz HTTP/1.1\r\nX".utf8))
        #expect(client.isEnded())
      }
    }

    @Test("watchers: one more gets 503 until one has gone")
    func watchers() async throws {
      try await withServer(["WATCHERS": "1"]) { server in
        #expect(try await server.curl("PUT", "/v1/services/web", "{}").status == 201)
        let events = try EventClient(server)
        try await events.waitForBeginning()
        let path = "/v1/services/web/instances?after=1&wait=1"
        #expect(try await server.curl("GET", path).status == 503)
        events.child.kill()
        try await wait(for: "the watcher's place") {
          try await server.curl("GET", path).status == 200
        }
      }
    }

    @Test("http_connections_per_address, watchers_per_address: a neighbour may have no more")
    func perAddress() async throws {
      try await withNetworkNamespaces { network in
        // An idle connection would end by itself in the usual time of a request.
        _ = try await network.startServer(
          ["192.0.2.1:53"], http: "192.0.2.1:8053",
          environment: [
            "ROLLCALL_ALLOW_PLAINTEXT": "true", "ROLLCALL_ALLOW_ANONYMOUS": "true",
            "ROLLCALL_HTTP_CONNECTIONS_PER_ADDRESS": "1", "ROLLCALL_WATCHERS_PER_ADDRESS": "1",
            "ROLLCALL_HTTP_REQUEST_SECONDS": "3600",
          ])
        let api = "http://192.0.2.1:8053"
        let first = try await network.site.run(
          network.atNeighbour([
            "bash", "-c",
            "exec 3<>/dev/tcp/192.0.2.1/8053; curl -sS \(api)/healthz; timeout 15 cat <&3",
          ]))
        #expect(first.isSuccess && first.text.contains("version"), "\(first)")

        let stream = try network.site.start(
          network.atNeighbour(["curl", "-sSN", "--max-time", "60", "\(api)/v1/events"]),
          output: "stream", errors: "stream-errors")
        try await wait(for: "the stream's beginning") {
          Site.text(of: network.site.path("stream")).contains("id: ")
        }
        let call = network.atNeighbour([
          "curl", "-sS", "-o", "reply", "-w", "%{http_code}",
          "\(api)/v1/services/web/instances?after=0&wait=1",
        ])
        #expect(try await network.site.run(call).text == "503")
        stream.kill()
        try await wait(for: "the watcher's place") {
          try await network.site.run(call).text != "503"
        }
      }
    }

    @Test("max_instances, max_services: new ones are 507, what is there can be changed")
    func registrations() async throws {
      try await withServer(["MAX_INSTANCES": "2", "MAX_SERVICES": "2"]) { server in
        func put(_ path: String, _ body: String) async throws -> RunningServer.Reply {
          try await server.curl("PUT", "/v1/services/\(path)", body)
        }
        let body = #"{"address": "10.0.0.1", "port": 80}"#
        for id in ["web-1", "web-2"] {
          #expect(try await put("web/instances/\(id)", body).status == 201)
        }
        let third = try await put("web/instances/web-3", body)
        #expect(third.status == 507)
        #expect(third["limit"] == "2" && third.body.contains("2 instances"), "\(third.body)")
        #expect(try await put("web/instances/web-2", #"{"port": 81}"#).status == 200)
        #expect(try await put("db", "{}").status == 201)
        let service = try await put("cache", "{}")
        #expect(service.status == 507 && service["limit"] == "2", "\(service.body)")
        #expect(try await server.curl("DELETE", "/v1/services/web/instances/web-1").status == 204)
        #expect(try await put("web/instances/web-3", body).status == 201)
      }
    }

    @Test("A limit is never zero, nor beyond what is tested; the error says the range")
    func ranges() async throws {
      try await withSite { site in
        for (name, value, says) in [
          ("tcp_connections", "0", "from 1 to 100000"), ("tcp_idle_seconds", "0", "from 1 to 3600"),
          ("http_connections_per_address", "100001", "from 1 to 100000"),
          ("watchers", "500001", "from 1 to 500000"),
          ("watcher_unsent_octets", "1", "from 65536 to 1073741824"),
          ("max_instances", "2000001", "from 1 to 2000000"),
          ("max_services", "none", "from 1 to 500000"),
        ] {
          let output = try await site.rollcall(
            ["serve", "--check"], environment: ["ROLLCALL_\(name.uppercased())": value])
          expectOneLine(output, naming: [name, value, says])
        }
      }
    }

    private static let query = QueryMessage("ns.mesh.internal.", .a).with { $0.id = 7 }

    /// - Parameter settings: in the environment, without what all of their names begin with.
    private func withServer(
      _ settings: [String: String], _ body: (RunningServer) async throws -> Void
    ) async throws {
      let environment = Dictionary(uniqueKeysWithValues: settings.map { ("ROLLCALL_\($0)", $1) })
      try await withSite { site in
        try await body(try await site.startServer(environment: environment))
      }
    }
  }
}
