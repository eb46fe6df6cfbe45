// Lists that are searched, as the program answers them.

import Foundation
import Testing

extension EndToEnd {
  @Suite("Searching lists")
  struct Searching {
    @Test("Services are found by a part of their name, in pages")
    func services() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        for service in ["api", "web", "web.prod", "Intraweb", "db.prod"] {
          try await server.register(service, "a", #"{"address": "10.0.0.1"}"#)
        }
        #expect(
          try await server.names("/v1/services?search=web") == ["Intraweb", "web", "web.prod"])
        #expect(try await server.names("/v1/services?search=.PROD") == ["db.prod", "web.prod"])
        #expect(try await server.names("/v1/services?search=").count == 5)
        #expect(try await server.names("/v1/services?search=x%22%3C").isEmpty)
        #expect(
          try await server.names("/v1/services?search=web&limit=2&cursor=intraweb")
            == ["web", "web.prod"])
        let first = try await server.curl("GET", "/v1/services?search=web&limit=1")
        #expect(first["next_cursor"] == "intraweb")
      }
    }

    @Test("Instances are found by a part of their id, an address or a tag")
    func instances() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.register("web", "blue-1", #"{"address": "10.0.0.1"}"#)
        try await server.register(
          "web", "i2", #"{"address": "fd00::b1", "tags": ["Blue"], "status": "critical"}"#)
        try await server.register("web", "i3", #"{"address": "10.0.1.1", "tags": ["green"]}"#)
        let list = "/v1/services/web/instances"
        #expect(try await server.names("\(list)?search=BLUE") == ["blue-1", "i2"])
        #expect(try await server.names("\(list)?search=10.0.") == ["blue-1", "i3"])
        #expect(try await server.names("\(list)?search=FD00") == ["i2"])
        #expect(try await server.names("\(list)?search=blue&status=passing") == ["blue-1"])
        #expect(try await server.names("\(list)?search=critical").isEmpty)
        // Of the whole service, whatever is searched for.
        let reply = try await server.curl("GET", "\(list)?search=green")
        #expect((reply["instance_count"], reply["live_count"]) == ("3", "2"))
      }
    }

    @Test("What is searched for has 255 octets at most")
    func limit() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let text = String(repeating: "a", count: 255)
        #expect(try await server.curl("GET", "/v1/services?search=\(text)").status == 200)
        let reply = try await server.curl("GET", "/v1/services?search=\(text)a")
        #expect((reply.status, reply["field"], reply["limit"]) == (400, "search", "255"))
      }
    }

    @Test("A search finds nothing that the token does not cover")
    func scopes() async throws {
      try await withSite { site in
        var tokens: [String: String] = [:]
        for (name, services) in [("all", "*"), ("narrow", "*.prod")] {
          let output = try await site.rollcall([
            "token", "new", "--name", name, "--scope", "write", "--services", services, "--file",
            "tokens.yaml",
          ])
          tokens[name] = output.text.trimmingCharacters(in: .newlines)
        }
        let server = try await site.startServer(["--tokens", "tokens.yaml"])
        func curl(_ token: String, _ path: String, _ arguments: String...) async throws -> String {
          let output = try await site.run(
            ["curl", "-s", "--noproxy", "*", "-H", "Authorization: Bearer \(tokens[token] ?? "")"]
              + arguments + ["http://\(server.ready.http)\(path)"])
          return output.text
        }
        for service in ["web", "web.prod"] {
          _ = try await curl(
            "all", "/v1/services/\(service)/instances/a", "-X", "PUT", "--json", #"{"port": 1}"#)
        }
        #expect(try await curl("all", "/v1/services?search=web").contains(#""name":"web","#))
        let found = try await curl("narrow", "/v1/services?search=web")
        #expect(found.contains(#""name":"web.prod""#) && !found.contains(#""name":"web","#))
        let hidden = try await curl("narrow", "/v1/services/web/instances?search=a")
        #expect(hidden == (try await curl("narrow", "/v1/services/web/instances?search=b")))
        #expect(hidden.contains("unknown-service"))
      }
    }
  }
}

extension RunningServer {
  /// The names of the services, or ids of the instances, that a list shows.
  fileprivate func names(_ path: String) async throws -> [String] {
    let body = try await curl("GET", path).body
    let list = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
    let items = (list?["services"] ?? list?["instances"]) as? [[String: Any]]
    return (items ?? []).compactMap { ($0["name"] ?? $0["id"]) as? String }
  }
}
