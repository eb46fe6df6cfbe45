// Why DNS answers as it does, over HTTP.

import ServiceRegistry
import Testing

@testable import RegistryAPI

@Suite("Explain") struct ExplainTests {
  private static let path = "/v1/explain?name=web.mesh.internal"

  private func fill(_ server: TestServer) async throws {
    for (id, body) in [
      ("a", #"{"address": "10.0.0.1", "port": 80}"#), ("b", #"{"address": "fd00::1"}"#),
      ("c", #"{"address": "10.0.0.3", "status": "critical"}"#),
    ] {
      #expect(try await server.put("/v1/services/web/instances/\(id)", body).status == 201)
    }
  }

  @Test("Each instance is in or out, with the reason for both kinds of readers")
  func instances() async throws {
    try await withServer { server in
      try await fill(server)
      let reply = try await server.curl(Self.path + "&type=a")
      #expect(reply.status == 200)
      let expected = """
        {"name":"web.mesh.internal.","type":"A","aliases":[],"zone":"mesh.internal.",
        "code":"NOERROR","cause":"registered",
        "detail":"the name is one of the service 'web'; instances in the answer: 1","in":1,
        "instances":[
        {"service":"web","id":"a","in":true,"reason":null,"held":false,
        "detail":"is in the answer","status":"passing"},
        {"service":"web","id":"b","in":false,"reason":"no-address","held":false,
        "detail":"it has no address of this family","status":"passing"},
        {"service":"web","id":"c","in":false,"reason":"critical","held":false,
        "detail":"its status is critical","status":"critical"}],"next_cursor":null}
        """
      #expect(try reply.json() == JSONTree(expected))
    }
  }

  @Test("A is explained if no type is given, and long lists come in pages")
  func pages() async throws {
    try await withServer { server in
      try await fill(server)
      let first = try await server.curl(Self.path + ".&limit=2").json()
      #expect((first["type"], first["instances"]?.count) == ("A", 2))
      #expect(first["next_cursor"] == "web/b")
      let rest = try await server.curl(Self.path + "&limit=2&cursor=web/b").json()
      #expect((rest["instances"]?.count, rest["next_cursor"]) == (1, .null))
    }
  }

  @Test("What is not there, or not ours, is explained too")
  func others() async throws {
    try await withServer { server in
      try await fill(server)
      for (name, code, cause) in [
        ("d.web.mesh.internal", "NXDOMAIN", "no-such-name"),
        ("tag.web.mesh.internal", "NXDOMAIN", "no-such-name"),
        ("ns.mesh.internal", "NOERROR", "zone-file"), ("example.org", "REFUSED", "no-zone"),
        ("mesh.internal", "NOERROR", "zone-file"),
        (#"%5C195%5C169.mesh.internal"#, "NXDOMAIN", "no-such-name"),
      ] {
        let shown = try await server.curl("/v1/explain?name=\(name)").json()
        #expect(shown["code"] == .string(code), "\(name)")
        #expect(shown["cause"] == .string(cause), "\(name)")
      }
      let near = try await server.curl("/v1/explain?name=d.web.mesh.internal").json()
      guard case .string(let detail)? = near["detail"] else {
        Issue.record("no detail")
        return
      }
      #expect(detail.contains("'web'"))
    }
  }

  @Test(
    "A wrong parameter is 400 and named",
    arguments: [
      ("", "name"), ("?name=", "name"), ("?name=a..b", "name"), ("?name=a&type=MX", "type"),
      ("?name=a&cursor=x", "cursor"), ("?name=a&cursor=tag/x", "cursor"), ("?name=a&nme=b", "nme"),
      ("?name=a&limit=0", "limit"), ("?name=%C3%A9", "name"), ("?name=a%20b", "name"),
    ])
  func wrongParameter(query: String, field: String) async throws {
    try await withServer { server in
      let problem = try await server.curl("/v1/explain" + query).problem()
      #expect((problem.status, problem.field) == (400, field))
    }
  }

  @Test("A token learns nothing of names that it can't cover, not even whether they are there")
  func hidden() async throws {
    let tokens = try TestTokens.usual()
    try await withServer(tokens: tokens.table) { server in
      let writer = server.with(tokens, "writer")
      for service in ["web", "prod", "web.prod"] { _ = try await writer.put(service) }
      for name in ["below", "below-reader", "below-admin"] {
        let below = server.with(tokens, name)
        func explain(_ name: String) async throws -> Reply {
          try await below.curl("GET", "/v1/explain?name=\(name)")
        }
        for (there, missing) in [
          ("web.mesh.internal", "ghost.mesh.internal"),
          ("_web._tcp.mesh.internal", "_ghost._tcp.mesh.internal"),
          ("ns.mesh.internal", "nt.mesh.internal"), ("prod.mesh.internal", "prid.mesh.internal"),
          ("mesh.internal", "example.org"),
        ] {
          let refused = try await explain(there)
          #expect(refused.status == 403)
          #expect(try await explain(missing).body == refused.body)
        }
        let shown = try await explain("web.prod.mesh.internal").json()
        #expect((shown["in"], shown["instances"]?.count) == (1, 1))
        // The instance a of prod, whose name a service of the token's could have.
        let other = try await explain("a.prod.mesh.internal").json()
        #expect((other["cause"], other["in"]) == ("hidden", 0))
        #expect((other["instances"]?.count, other["next_cursor"]) == (0, .null))
      }
    }
  }
}
