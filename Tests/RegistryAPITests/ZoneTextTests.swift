// Zones, their list and their text, over HTTP.

import ServiceRegistry
import Testing

@testable import RegistryAPI

@Suite("Zones") struct ZoneTextTests {
  private static let path = "/v1/zones/mesh.internal"

  private func lines(_ reply: Reply) -> [String] {
    reply.body.split(separator: "\n").map { String($0).replacing("\t", with: " ") }
  }

  @Test("The list tells of each zone its serial")
  func list() async throws {
    try await withServer { server in
      let before = try await server.curl("/v1/zones").json()["zones"]
      #expect(before?.count == 1)
      #expect(before?[0]?["zone"] == "mesh.internal.")
      #expect((before?[0]?["kind"], before?[0]?["serial"]) == ("service", 1))
      _ = try await server.put("/v1/services/web/instances/a", #"{"address": "10.0.0.1"}"#)
      #expect(try await server.curl("/v1/zones").json()["zones"]?[0]?["serial"] == 2)
    }
  }

  @Test("All records are there, also where an answer holds only some of them")
  func maxAnswers() async throws {
    try await withServer { server in
      for number in 1...5 {
        let body = #"{"address": "10.0.0.\#(number % 4)", "port": 80}"#
        _ = try await server.put("/v1/services/web/instances/i\(number)", body)
      }
      _ = try await server.put("/v1/services/web", #"{"max_answers": 2}"#)
      let listed = try await lines(server.curl(Self.path)).filter {
        $0.hasPrefix("web.mesh.internal. ")
      }
      #expect(listed.count { $0.contains(" IN A ") } == 4)
      #expect(listed.count { $0.contains(" IN SRV ") } == 5)
    }
  }

  @Test("The service zone's text has the file's records and what is answered for instances")
  func serviceZone() async throws {
    try await withServer { server in
      for (path, body) in [
        ("web/instances/a", #"{"addresses": ["10.0.0.1", "fd00::1"], "port": 80, "tags": ["v2"]}"#),
        ("web/instances/b", #"{"address": "10.0.0.2", "metadata": {"k": "v"}}"#),
        ("web/instances/c", #"{"address": "10.0.0.3", "status": "critical"}"#),
        ("web/instances/d", #"{"address": "10.0.0.4", "priority": 1, "lease_seconds": 3}"#),
        ("api.web/instances/x", #"{"address": "10.0.0.1", "ports": {"grpc": 9}}"#),
      ] {
        #expect(try await server.put("/v1/services/" + path, body).status == 201)
      }
      let reply = try await server.curl(Self.path)
      #expect((reply.status, reply.headers["content-type"]) == (200, "text/dns"))
      let expected = """
        mesh.internal. 3600 IN SOA ns.mesh.internal. hostmaster.mesh.internal. 6 3600 600 86400 1
        mesh.internal. 3600 IN NS ns.mesh.internal.
        ns.mesh.internal. 3600 IN A 192.0.2.53
        b._dns-sd._udp.mesh.internal. 5 IN PTR mesh.internal.
        db._dns-sd._udp.mesh.internal. 5 IN PTR mesh.internal.
        lb._dns-sd._udp.mesh.internal. 5 IN PTR mesh.internal.
        _services._dns-sd._udp.mesh.internal. 5 IN PTR _grpc._tcp.mesh.internal.
        _grpc._tcp.mesh.internal. 5 IN PTR x\\.api\\.web._grpc._tcp.mesh.internal.
        x\\.api\\.web._grpc._tcp.mesh.internal. 5 IN SRV 0 1 9 x.api.web.mesh.internal.
        x\\.api\\.web._grpc._tcp.mesh.internal. 5 IN TXT ""
        api.web.mesh.internal. 5 IN A 10.0.0.1
        _grpc._tcp.api.web.mesh.internal. 5 IN SRV 0 1 9 x.api.web.mesh.internal.
        x.api.web.mesh.internal. 5 IN A 10.0.0.1
        x.api.web.mesh.internal. 5 IN TXT ""
        web.mesh.internal. 5 IN A 10.0.0.1
        web.mesh.internal. 5 IN A 10.0.0.2
        web.mesh.internal. 5 IN AAAA fd00::1
        web.mesh.internal. 5 IN SRV 0 1 80 a.web.mesh.internal.
        _web._tcp.mesh.internal. 5 IN SRV 0 1 80 a.web.mesh.internal.
        v2.tag.web.mesh.internal. 5 IN A 10.0.0.1
        v2.tag.web.mesh.internal. 5 IN AAAA fd00::1
        v2.tag.web.mesh.internal. 5 IN SRV 0 1 80 a.web.mesh.internal.
        a.web.mesh.internal. 5 IN A 10.0.0.1
        a.web.mesh.internal. 5 IN AAAA fd00::1
        a.web.mesh.internal. 5 IN TXT ""
        a.web.mesh.internal. 5 IN SRV 0 1 80 a.web.mesh.internal.
        b.web.mesh.internal. 5 IN A 10.0.0.2
        b.web.mesh.internal. 5 IN TXT "k=v"
        c.web.mesh.internal. 5 IN A 10.0.0.3
        c.web.mesh.internal. 5 IN TXT ""
        d.web.mesh.internal. 3 IN A 10.0.0.4
        d.web.mesh.internal. 3 IN TXT ""
        ; end: 32 records, serial 6
        """
      let lines = lines(reply)
      #expect(lines.first?.contains(" SOA ") == true)
      #expect(lines.last == "; end: 32 records, serial 6")
      #expect(lines.sorted() == expected.split(separator: "\n").map(String.init).sorted())
    }
  }

  @Test("Thousands of instances are all there, each once")
  func large() async throws {
    try await withServer { server in
      let items = (0..<3_000).map { number in
        #"{"service":"s\#(number % 7)","id":"i\#(number)","#
          + #""address":"10.0.\#(number / 250).\#(number % 250)","port":80}"#
      }
      let body = #"{"instances":[\#(items.joined(separator: ","))]}"#
      #expect(try await server.post("/v1/instances", body).status == 200)
      let lines = try await lines(server.curl(Self.path))
      // SOA, NS, its address, and three PTR that say which domain to browse. Of each instance:
      // its own A, SRV and TXT, an A and SRV of the service, an SRV of RFC 2782.
      let count = 6 + 3_000 * 6
      #expect(lines.last == "; end: \(count) records, serial 2")
      #expect(Set(lines).count == count + 1)
    }
  }

  @Test("HEAD has no body, other zones are 404, other methods 405")
  func others() async throws {
    try await withServer { server in
      // More often than there may be long replies at a time.
      for _ in 0...APILimits.longReplies {
        let head = try await server.curl(Self.path, ["--head"])
        #expect((head.status, head.body) == (200, ""))
      }
      #expect(try await server.curl(Self.path + ".").status == 200)
      #expect(try await server.curl("/v1/zones/MESH.Internal").status == 200)
      for name in ["internal", "web.mesh.internal", "a..b", "%20"] {
        let problem = try await server.curl("/v1/zones/\(name)").problem()
        #expect((problem.status, problem.type) == (404, "urn:rollcall:problem:unknown-zone"))
      }
      #expect(try await server.post("/v1/zones", "{}").status == 405)
      #expect(try await server.curl("/v1/zones/reload").status == 405)
    }
  }

  @Test("Only so many long replies are read at a time")
  func limit() throws {
    let replies = LongReplies(limit: 2)
    var places = try [replies.takePlace(), replies.takePlace()]
    for _ in 0..<3 { #expect(throws: Problem.self) { try replies.takePlace() } }
    places.removeLast()
    places.append(try replies.takePlace())
    #expect(throws: Problem.self) { try replies.takePlace() }
    #expect(places.count == 2)
  }
}
