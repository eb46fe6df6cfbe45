// Registering, replacing, reading back and removing an instance.

import Foundation
import Testing

@testable import RegistryAPI

@Suite("Registration") struct RegistrationTests {
  static let path = "/v1/services/web.prod/instances/web-1"

  @Test("A new instance is 201 and the reply holds all that is stored, names and times too")
  func newInstance() async throws {
    try await withServer { server in
      let reply = try await server.put(
        Self.path,
        """
        {"addresses": ["10.0.0.1", "fd00::1"], "port": 8080, "protocol": "udp",
         "ports": {"grpc": 9090, "dns": {"port": 53, "protocol": "tcp"}, "a": {"port": 1}},
         "weight": 3, "priority": 2, "tags": ["v2", "Canary"], "status": "warning",
         "metadata": {"version": "1.2", "a": "\\"quoted\\" \\u00e9"}, "lease_seconds": 60}
        """)
      #expect(reply.status == 201)
      #expect(reply.headers["content-type"] == "application/json")
      let expected = """
        {"service":"web.prod","id":"web-1","addresses":["10.0.0.1","fd00::1"],"port":8080,\
        "ports":{"a":{"port":1,"protocol":"udp"},"dns":{"port":53,"protocol":"tcp"},\
        "grpc":{"port":9090,"protocol":"udp"}},"protocol":"udp","weight":3,"priority":2,\
        "tags":["Canary","v2"],"metadata":{"a":"\\"quoted\\" é","version":"1.2"},\
        "status":"warning","lease_seconds":60,"revision":1,\
        "registered_at":"2026-01-02T03:04:05.678Z","renewed_at":"2026-01-02T03:04:05.678Z",\
        "expires_at":"2026-01-02T03:05:05.678Z",\
        "names":{"host":"web-1.web.prod.mesh.internal.",\
        "srv":["_web._udp.prod.mesh.internal.","_a._udp.web.prod.mesh.internal.",\
        "_dns._tcp.web.prod.mesh.internal.","_grpc._udp.web.prod.mesh.internal."]},\
        "warnings":[]}
        """
      #expect(try reply.json() == JSONTree(expected))
    }
  }

  @Test("What is not given has its default, and null is a lease without end")
  func defaults() async throws {
    try await withServer { server in
      let reply = try await server.put(
        Self.path, #"{"address": "10.0.0.1", "lease_seconds": null}"#)
      #expect(reply.status == 201)
      guard case .object(let stored) = try reply.json() else {
        Issue.record("no object: \(reply.body)")
        return
      }
      let defaults: [String: JSONTree] = [
        "addresses": .array(["10.0.0.1"]), "port": .null, "ports": .object([:]),
        "protocol": "tcp", "weight": 1, "priority": 0, "tags": .array([]),
        "metadata": .object([:]), "status": "passing", "lease_seconds": .null,
        "expires_at": .null,
      ]
      for (name, value) in defaults { #expect(stored[name] == value, "\(name)") }
      let other = try await server.put(Self.path, #"{"address": "10.0.0.1"}"#)
      #expect(other.body.contains(#""lease_seconds":30"#))
    }
  }

  @Test("An equal registration is 200 with the same revision, another one is 200 with a new one")
  func replacing() async throws {
    try await withServer { server in
      let first = try await server.put(Self.path, #"{"port": 80, "address": "10.0.0.1"}"#)
      let equal = try await server.put(Self.path, #"{"addresses": ["10.0.0.1"], "port": 80}"#)
      #expect(try (equal.status, equal.instance().revision) == (200, first.instance().revision))
      let other = try await server.put(Self.path, #"{"address": "10.0.0.2"}"#)
      #expect(try (other.status, other.instance().revision) == (200, 2))
    }
  }

  @Test("GET shows what PUT stored; HEAD the same without a body; names in any case")
  func reading() async throws {
    try await withServer { server in
      let stored = try await server.put(Self.path, #"{"address": "10.0.0.1"}"#)
      let shown = try await server.curl("/v1/services/WEB.prod/instances/Web-1")
      #expect(shown.status == 200)
      #expect(
        shown.body == stored.body.replacing(#","warnings":[]"#, with: ""))
      let head = try await server.curl(Self.path, ["--head"])
      #expect(head.status == 200)
      #expect(head.body.isEmpty)
      #expect(head.headers["content-length"] == String(shown.body.utf8.count))
    }
  }

  @Test("DELETE is 204, and the second time 404")
  func deregistering() async throws {
    try await withServer { server in
      _ = try await server.put(Self.path, #"{"address": "10.0.0.1"}"#)
      let first = try await server.curl(Self.path, ["-X", "DELETE"])
      #expect(first.status == 204)
      #expect(first.body.isEmpty)
      #expect(first.headers["content-length"] == nil)
      let second = try await server.curl(Self.path, ["-X", "DELETE"])
      #expect(try second.problem().type == "urn:rollcall:problem:unknown-instance")
      #expect(try await server.curl(Self.path).status == 404)
    }
  }

  @Test("Without an address the sender's is taken, with a warning for loopback")
  func senderAddress() async throws {
    try await withServer { server in
      let reply = try await server.curl(
        Self.path,
        [
          "-X", "PUT", "-H", "Content-Type: application/json; charset=utf-8", "-H",
          "X-Forwarded-For: 10.9.9.9", "-H", "Forwarded: for=10.9.9.9", "-d", #"{"port": 80}"#,
        ])
      #expect(reply.status == 201)
      let instance = try reply.instance()
      #expect(instance.addresses == ["127.0.0.1"])
      #expect(instance.warnings?.count == 1)
      #expect(instance.warnings?.first?.contains("127.0.0.1") == true)
      let explicit = try await server.put(Self.path, #"{"port": 80, "address": "127.0.0.1"}"#)
      #expect(try explicit.instance().warnings == [])
    }
  }

  @Test(
    "A sender's address is IPv6, or IPv4 as such even on a socket of IPv6",
    .enabled(if: FileManager.default.fileExists(atPath: "/proc/net/if_inet6")),
    arguments: [("::1", "::1"), ("::", "127.0.0.1")])
  func senderAddressOnIPv6(listener: String, sender: String) async throws {
    try await withServer(on: listener) { server in
      let reply = try await server.put(Self.path, #"{"port": 80}"#)
      #expect(try reply.instance().addresses == [sender])
    }
  }

  @Test("A warning tells that a port's SRV name belongs to another service")
  func hiddenPort() async throws {
    try await withServer { server in
      _ = try await server.put("/v1/services/grpc.web/instances/a", #"{"address": "10.0.0.1"}"#)
      let reply = try await server.put(
        "/v1/services/web/instances/b", #"{"address": "10.0.0.1", "ports": {"grpc": 1}}"#)
      #expect(try reply.instance().warnings?.first?.contains("'grpc.web'") == true)
    }
  }

  @Test("Percent-encoded letters in a path are the letters")
  func percentEncoding() async throws {
    try await withServer { server in
      let reply = try await server.put(
        "/v1/%73ervices/w%65b/instances/web%2D1", #"{"address": "10.0.0.1"}"#)
      #expect(reply.status == 201)
      #expect(reply.body.contains(#""service":"web""#))
      #expect(reply.body.contains(#""id":"web-1""#))
    }
  }
}
