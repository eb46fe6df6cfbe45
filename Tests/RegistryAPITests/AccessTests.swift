// What each token may do and see, and the ways around that.

import DNSWire
import Foundation
import ServiceRegistry
import Testing

@testable import RegistryAPI

@Suite("Access") struct AccessTests {
  // MARK: Scopes

  @Test("Each scope allows what stands before it, and no more")
  func scopes() async throws {
    let tokens = try TestTokens.usual()
    let path = "/v1/services/web/instances/a"
    let body = #"{"address":"10.0.0.1"}"#
    let calls: [(String, String, String?, TokenScope, Int)] = [
      ("PUT", path, body, .write, 201), ("POST", path + "/renew", nil, .write, 200),
      ("POST", "/v1/instances", #"{"instances":[]}"#, .write, 200),
      ("POST", "/v1/renewals", #"{"renewals":[]}"#, .write, 200),
      ("GET", "/v1/services", nil, .read, 200), ("GET", "/v1/services/web", nil, .read, 200),
      ("GET", "/v1/services/web/instances", nil, .read, 200), ("GET", path, nil, .read, 200),
      ("HEAD", path, nil, .read, 200), ("GET", "/metrics", nil, .read, 200),
      ("GET", "/v1/explain?name=web.mesh.internal", nil, .read, 200),
      ("GET", "/v1/zones", nil, .read, 200), ("GET", "/v1/zones/mesh.internal", nil, .read, 200),
      ("GET", "/v1/prometheus/targets", nil, .read, 200),
      ("GET", "/v1/services/web/instances?after=0&wait=9", nil, .read, 200),
      ("HEAD", "/v1/events", nil, .read, 200),
      ("POST", path + "/drain", nil, .write, 200), ("DELETE", path, nil, .write, 204),
      ("DELETE", "/v1/services/web", nil, .write, 204),
      ("POST", "/v1/zones/reload", nil, .admin, 200),
    ]
    for (name, scope) in [("reader", TokenScope.read), ("writer", .write), ("admin", .admin)] {
      try await withServer(tokens: tokens.table) { server in
        if scope == .read { _ = try await server.with(tokens, "writer").put("web") }
        for (method, path, body, needed, status) in calls {
          let reply = try await server.with(tokens, name).curl(method, path, body)
          #expect(reply.status == (scope < needed ? 403 : status), "\(name) \(method) \(path)")
          guard reply.status == 403 else { continue }
          #expect(reply.headers["www-authenticate"] == #"Bearer error="insufficient_scope""#)
          #expect(try reply.problem().type == "urn:rollcall:problem:forbidden")
        }
      }
    }
  }

  @Test("What concerns the whole server needs a token for all services")
  func wholeServer() async throws {
    let tokens = try TestTokens.usual()
    try await withServer(tokens: tokens.table) { server in
      let below = server.with(tokens, "below-admin")
      let calls = [
        ("POST", "/v1/zones/reload"), ("GET", "/metrics"), ("HEAD", "/metrics"),
        ("GET", "/v1/zones"), ("GET", "/v1/zones/mesh.internal"), ("HEAD", "/v1/zones/ghost"),
        ("GET", "/v1/prometheus/targets"), ("GET", "/v1/prometheus/targets?service=web.prod"),
      ]
      for (method, path) in calls {
        let reply = try await below.curl(method, path)
        #expect(reply.status == 403, "\(method) \(path)")
      }
      #expect(server.access.forbiddenCount == calls.count)
    }
  }

  @Test("A method can't be said in a field")
  func methodOverride() async throws {
    let tokens = try TestTokens.usual()
    try await withServer(tokens: tokens.table) { server in
      _ = try await server.with(tokens, "writer").put("web")
      for field in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
        let reply = try await server.curl(
          "/v1/services/web/instances/a",
          ["-H", "Authorization: Bearer \(tokens["reader"])", "-H", "\(field): DELETE"])
        #expect(reply.status == 200)
      }
      #expect(try await server.registry.service(ServiceName("web")).instances.count == 1)
    }
  }

  // MARK: Patterns

  @Test("A token registers what its pattern covers, however the path is written")
  func covered() async throws {
    let tokens = try TestTokens.usual()
    try await withServer(tokens: tokens.table) { server in
      let below = server.with(tokens, "below")
      for name in ["web.prod", "WEB.PROD", "db%2Eprod", "%77eb.pro%64", "a.b.c.prod"] {
        let reply = try await below.put(name, "i")
        #expect(reply.status / 100 == 2, "\(name)")
      }
      let names = await server.registry.serviceNames().map(\.key).sorted()
      #expect(names == ["a.b.c.prod", "db.prod", "web.prod"])
    }
  }

  @Test(
    "A token registers nothing outside its pattern, however the path is written",
    arguments: [
      ("prod", 403), ("xprod", 403), ("web.xprod", 403), ("prod.web", 403), ("web", 403),
      ("PROD", 403), ("web.prodx", 403), ("web.prod.", 400), (".prod", 400), ("web..prod", 400),
      ("web.prod%00", 400), ("web%2F..%2F..%2Fweb.prod", 400), ("other%2Fweb.prod", 400),
      ("web%0A.prod", 400), ("other%20web.prod", 400), ("web.prod%2Finstances%2Fa", 400),
      ("other/../web.prod", 404), ("web.prod/../other", 404), ("web.pr%C3%B6d", 400),
      ("web.%70rodx", 403), ("*.prod", 400), ("web.prod%2E", 400), ("web.%E2%84%AAprod", 400),
    ])
  func uncovered(name: String, status: Int) async throws {
    let tokens = try TestTokens.usual()
    try await withServer(tokens: tokens.table) { server in
      let below = server.with(tokens, "below")
      let reply = try await below.put(name)
      #expect(reply.status == status)
      #expect(await server.registry.serviceNames().isEmpty)
      for (method, end) in [("DELETE", ""), ("POST", "/renew"), ("POST", "/drain")] {
        let other = try await below.curl(method, "/v1/services/\(name)/instances/a\(end)")
        #expect(other.status == status, "\(method)")
      }
    }
  }

  @Test("A change outside the pattern is the same 403 whether the instance is there or not")
  func sameRefusal() async throws {
    let tokens = try TestTokens.usual()
    try await withServer(tokens: tokens.table) { server in
      _ = try await server.with(tokens, "writer").put("web")
      let below = server.with(tokens, "below")
      for (method, end) in [("PUT", ""), ("DELETE", ""), ("POST", "/renew"), ("POST", "/drain")] {
        let path = "/v1/services/NAME/instances/a\(end)"
        let body = method == "PUT" ? "{}" : nil
        let there = try await below.curl(method, path.replacing("NAME", with: "web"), body)
        let missing = try await below.curl(method, path.replacing("NAME", with: "ghost"), body)
        #expect(there.status == 403)
        #expect(there.body.replacing("web", with: "ghost") == missing.body)
      }
      #expect(try await server.registry.service(ServiceName("web")).instances.count == 1)
    }
  }

  // MARK: Reading

  @Test("What is hidden reads as if it were not there, to the letter")
  func hiddenReads() async throws {
    let tokens = try TestTokens.usual()
    try await withServer(tokens: tokens.table) { server in
      for service in ["web", "prod", "web.prod", "xprod"] {
        _ = try await server.with(tokens, "writer").put(service)
      }
      for name in ["below", "below-reader", "below-admin"] {
        let below = server.with(tokens, name)
        for end in ["", "/instances", "/instances/a", "/instances?tag=x", "/instances?limit=1"] {
          for hidden in ["web", "prod", "xprod", "WEB"] {
            let there = try await below.curl("GET", "/v1/services/\(hidden)\(end)")
            let missing = try await below.curl("GET", "/v1/services/ghost.prod\(end)")
            #expect(there.status == 404 && missing.status == 404, "\(hidden)\(end)")
            #expect(there.body == missing.body.replacing("ghost.prod", with: hidden))
            let head = try await below.curl("HEAD", "/v1/services/\(hidden)\(end)")
            #expect(head.status == 404)
            #expect(head.headers["content-length"] == there.headers["content-length"])
          }
          let shown = try await below.curl("GET", "/v1/services/web.prod\(end)")
          #expect(shown.status == 200)
        }
      }
    }
  }

  @Test("Lists, pages and cursors tell of nothing that is hidden")
  func lists() async throws {
    let tokens = try TestTokens.usual()
    let shown = ["b.prod", "d.prod", "f.prod", "h.prod"]
    try await withServer(tokens: tokens.table) { server in
      for service in shown + ["a", "c.other", "e.xprod", "g", "prod", "z"] {
        _ = try await server.with(tokens, "writer").put(service)
      }
      let below = server.with(tokens, "below-reader")
      for limit in 1...5 {
        var names: [String] = []
        var cursor: String?
        repeat {
          let from = cursor.map { "&cursor=\($0)" } ?? ""
          let reply = try await below.curl("GET", "/v1/services?limit=\(limit)\(from)")
          let list = try JSONDecoder().decode(ServiceList.self, from: Data(reply.body.utf8))
          // A page that is not full, or a cursor after the last one, would tell that more is there.
          #expect(list.services.count == min(limit, shown.count - names.count))
          names += list.services.map(\.name)
          cursor = list.cursor
          #expect(cursor == (names.count < shown.count ? names.last : nil))
        } while cursor != nil && names.count < 20
        #expect(names == shown)
      }
      // From where hidden ones stand.
      for cursor in ["c.other", "prod", "g", "zzz"] {
        let reply = try await below.curl("GET", "/v1/services?cursor=\(cursor)")
        let list = try JSONDecoder().decode(ServiceList.self, from: Data(reply.body.utf8))
        #expect(list.services.map(\.name) == shown.filter { $0 > cursor })
      }
      let none = try await server.curl(
        "/v1/services", ["-H", "Authorization: Bearer \(tokens["reader"])"])
      #expect(try none.json()["services"]?.count == 10)
    }
  }

  private struct ServiceList: Decodable {
    struct Service: Decodable { let name: String }
    let services: [Service]
    let cursor: String?

    enum CodingKeys: String, CodingKey {
      case services
      case cursor = "next_cursor"
    }
  }

  // MARK: Many at once

  @Test("In a bulk call each item is decided on its own, and says nothing of what is hidden")
  func bulk() async throws {
    let tokens = try TestTokens.usual()
    try await withServer(tokens: tokens.table) { server in
      _ = try await server.with(tokens, "writer").put("web")
      let below = server.with(tokens, "below")
      let services = ["a.prod", "web", "ghost", "b.prod", "B.PROD", "prod", "xprod", "c.prod."]
      let items = services.map { #"{"service":"\#($0)","id":"a","address":"10.0.0.9"}"# }
        .joined(separator: ",")
      let reply = try await below.curl("POST", "/v1/instances", #"{"instances":[\#(items)]}"#)
      #expect(reply.status == 200)
      let results = try #require(try reply.json()["results"])
      #expect(
        services.indices.map { results[$0]?["status"] } == [201, 403, 403, 201, 200, 403, 403, 400])
      #expect(results[1]?["problem"]?["type"] == "urn:rollcall:problem:forbidden")
      let names = await server.registry.serviceNames().map(\.key).sorted()
      #expect(names == ["a.prod", "b.prod", "web"])
      let kept = try await server.registry.instance(.init("web", "a")).instance
      #expect(kept.registration.addresses.map(\.description) == ["10.0.0.1"])

      let renewals = ["a.prod", "web", "ghost", "ghost.prod"]
        .map { #"{"service":"\#($0)","id":"a","status":"critical"}"# }.joined(separator: ",")
      let renewed = try await below.curl("POST", "/v1/renewals", #"{"renewals":[\#(renewals)]}"#)
      let outcomes = try #require(try renewed.json()["results"])
      #expect((0..<4).map { outcomes[$0]?["status"] } == [200, 403, 403, 404])
      let web = try await server.registry.instance(.init("web", "a")).instance
      #expect(web.registration.status == .passing)
      #expect(
        outcomes[1]?["problem"]?["detail"]
          == "the token 'below' does not cover the service 'web'")
    }
  }

  // MARK: Conflicts

  @Test("A conflict with what is hidden names no holder; one with what is shown does")
  func conflicts() async throws {
    let tokens = try TestTokens.usual()
    try await withServer(tokens: tokens.table) { server in
      let writer = server.with(tokens, "writer")
      for (service, id) in [("prod", "web"), ("db.prod", "x")] {
        #expect(try await writer.put(service, id).status == 201)
      }
      let ports = #"{"address":"10.0.0.1","ports":{"grpc":9090}}"#
      #expect(try await writer.put("prod", "i", ports).status == 201)
      let below = server.with(tokens, "below")
      for service in ["web.prod", "grpc.prod"] {
        let refused = try await below.put(service)
        #expect(refused.status == 409)
        #expect(!refused.body.contains("'prod'") && !refused.body.contains("instance 'web'"))
        #expect(!refused.body.contains("port"))
        let bulk = try await below.curl(
          "POST", "/v1/instances",
          #"{"instances":[{"service":"\#(service)","id":"a","address":"10.0.0.1"}]}"#)
        #expect(try bulk.json()["results"]?[0]?["status"] == 409)
        #expect(!bulk.body.contains("'prod'"))
      }
      #expect(try await writer.put("web.prod").problem().detail.contains("'prod'"))
      #expect(try await below.put("x.db.prod").problem().detail.contains("'db.prod'"))
    }
  }
}

extension InstanceKey {
  init(_ service: String, _ id: String) throws(RegistryError) {
    self.init(service: try ServiceName(service), id: try Label(id, kind: .instance))
  }
}

extension Registration {
  /// What a test registers when it does not matter.
  static var example: Registration {
    get throws {
      try Registration(addresses: [IPAddress("10.0.0.1")].compactMap(\.self))
    }
  }
}
