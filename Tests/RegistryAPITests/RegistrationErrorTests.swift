// Registrations that are refused, and how the reply says why.

import DNSWire
import ServiceRegistry
import Testing

@Suite("Refused registrations") struct RegistrationErrorTests {
  struct Fault: CustomTestStringConvertible, Sendable {
    let body: String
    let field: String
    let words: String
    var limit: Int?
    var testDescription: String { String(body.prefix(60)) }

    init(_ body: String, _ field: String, _ words: String, limit: Int? = nil) {
      self.body = body
      self.field = field
      self.words = words
      self.limit = limit
    }
  }

  static let faults = [
    Fault(#"{"address": "10.0.0.1", "wieght": 2}"#, "wieght", "did you mean 'weight'?"),
    Fault(#"{"port": 1, "leaseSeconds": 2}"#, "leaseSeconds", "did you mean 'lease_seconds'?"),
    Fault(#"{"port": 1, "meta": {}}"#, "meta", "did you mean 'metadata'?"),
    Fault(#"{"port": 1, "zebra": {}}"#, "zebra", "is unknown"),
    Fault(#"{}"#, "port", "at least one of"),
    Fault(#"{"ports": {"a": 1}}"#, "port", "at least one of"),
    Fault(#"{"address": "10.0.0.1", "addresses": []}"#, "address", "together"),
    Fault(#"{"addresses": []}"#, "addresses", "must not be empty"),
    Fault(#"{"address": "10.0.0.256"}"#, "address", "IPv4 or IPv6"),
    Fault(#"{"address": "10.0.0.1\u0000"}"#, "address", "IPv4 or IPv6"),
    Fault(#"{"address": 10}"#, "address", "must be a string"),
    Fault(#"{"address": null}"#, "address", "must be a string"),
    Fault(#"{"addresses": "10.0.0.1"}"#, "addresses", "must be an array"),
    Fault(#"{"addresses": ["10.0.0.1", "x"]}"#, "addresses.1", "IPv4 or IPv6"),
    Fault(#"{"addresses": ["10.0.0.1", "10.0.0.1"]}"#, "addresses", "twice"),
    Fault(#"{"address": "0.0.0.0"}"#, "addresses", "unspecified"),
    Fault(#"{"address": "224.0.0.1"}"#, "addresses", "multicast"),
    Fault(#"{"address": "fe80::1"}"#, "addresses", "link-local"),
    Fault(#"{"port": 0}"#, "port", "from 1 to 65535", limit: 65_535),
    Fault(#"{"port": 65536}"#, "port", "from 1 to 65535", limit: 65_535),
    Fault(#"{"port": 80.5}"#, "port", "whole number", limit: 65_535),
    Fault(#"{"port": "80"}"#, "port", "whole number", limit: 65_535),
    Fault(#"{"port": null}"#, "port", "whole number", limit: 65_535),
    Fault(#"{"port": 9999999999999999999}"#, "port", "whole number", limit: 65_535),
    Fault(#"{"port": 1, "port": 1}"#, "port", "is given twice"),
    Fault(#"{"port": 1, "metadata": {"a": "1", "a": "1"}}"#, "metadata.a", "is given twice"),
    Fault(#"{"port": 1, "ports": [80]}"#, "ports", "must be an object"),
    Fault(#"{"port": 1, "ports": {"dns": 0}}"#, "ports.dns", "from 1", limit: 65_535),
    Fault(#"{"port": 1, "ports": {"dns": {}}}"#, "ports.dns.port", "is missing"),
    Fault(
      #"{"port": 1, "ports": {"dns": {"port": true}}}"#, "ports.dns.port", "whole", limit: 65_535),
    Fault(
      #"{"port": 1, "ports": {"dns": {"port": 1, "protocol": "sctp"}}}"#, "ports.dns.protocol",
      "one of tcp, udp"),
    Fault(
      #"{"port": 1, "ports": {"dns": {"port": 1, "prot": "udp"}}}"#, "ports.dns.prot",
      "did you mean 'port'?"),
    Fault(#"{"port": 1, "ports": {"d_s": 1}}"#, "ports.d_s", "letters, digits and hyphens"),
    Fault(#"{"port": 1, "ports": {"a": 1, "A": 2}}"#, "ports", "twice"),
    Fault(#"{"port": 1, "protocol": "TCP"}"#, "protocol", "did you mean 'tcp'?"),
    Fault(#"{"port": 1, "weight": 0}"#, "weight", "from 1 to 65535", limit: 65_535),
    Fault(#"{"port": 1, "weight": 65536}"#, "weight", "from 1 to 65535", limit: 65_535),
    Fault(#"{"port": 1, "priority": -1}"#, "priority", "from 0 to 65535", limit: 65_535),
    Fault(#"{"port": 1, "priority": 65536}"#, "priority", "from 0 to 65535", limit: 65_535),
    Fault(#"{"port": 1, "tags": "a"}"#, "tags", "must be an array"),
    Fault(#"{"port": 1, "tags": ["a", 1]}"#, "tags.1", "must be a string"),
    Fault(#"{"port": 1, "tags": ["-a"]}"#, "tags.0", "hyphen"),
    Fault(#"{"port": 1, "metadata": {"a": 1}}"#, "metadata.a", "must be a string"),
    Fault(#"{"port": 1, "metadata": {"a=b": ""}}"#, "metadata", "printable"),
    Fault(#"{"port": 1, "status": "pasing"}"#, "status", "did you mean 'passing'?"),
    Fault(#"{"port": 1, "status": "draining"}"#, "status", "one of passing, warning, critical"),
    Fault(#"{"port": 1, "lease_seconds": 0}"#, "lease_seconds", "from 1", limit: 86_400),
    Fault(#"{"port": 1, "lease_seconds": 86401}"#, "lease_seconds", "86400", limit: 86_400),
    Fault(#"{"port": 1, "lease_seconds": "30"}"#, "lease_seconds", "whole", limit: 86_400),
  ]

  @Test("The reply to a wrong field is 400 and names it", arguments: faults)
  func wrongField(_ fault: Fault) async throws {
    try await withServer { server in
      let reply = try await server.put("/v1/services/web/instances/a", fault.body)
      #expect(reply.status == 400)
      #expect(reply.headers["content-type"] == "application/problem+json")
      let problem = try reply.problem()
      #expect(problem.status == 400)
      #expect(problem.type == "urn:rollcall:problem:bad-field")
      #expect(problem.field == fault.field)
      #expect(problem.limit == fault.limit)
      #expect(problem.detail.contains(fault.words), "\(problem.detail)")
      #expect(try await server.curl("/v1/services/web").status == 404)
    }
  }

  @Test(
    "What is not a JSON object is 400",
    arguments: [
      "", "{", "[]", "80", #"{"port": 1} x"#, "{\"a\": \u{1}}",
    ])
  func unreadable(body: String) async throws {
    try await withServer { server in
      let reply = try await server.put("/v1/services/web/instances/a", body)
      #expect(reply.status == 400)
      #expect(try reply.problem().type == "urn:rollcall:problem:bad-json")
    }
  }

  // MARK: Limits

  /// A registration with `count` entries of some kind.
  static func body(_ field: String, count: Int) -> String {
    let entries = (0..<count).map { index in
      switch field {
      case "addresses": #""10.0.0.\#(index)""#
      case "ports": #""p\#(index)": 80"#
      case "tags": #""t\#(index)""#
      default: #""k\#(index)": """#
      }
    }.joined(separator: ",")
    let isArray = field == "addresses" || field == "tags"
    return #"{"port": 1, "\#(field)": \#(isArray ? "[\(entries)]" : "{\(entries)}")}"#
  }

  @Test(
    "As many entries as the limit are taken, one more is refused",
    arguments: [("addresses", 16), ("ports", 16), ("tags", 32), ("metadata", 64)])
  func entries(field: String, limit: Int) async throws {
    try await withServer { server in
      let path = "/v1/services/web/instances/a"
      #expect(try await server.put(path, Self.body(field, count: limit)).status == 201)
      let reply = try await server.put(path, Self.body(field, count: limit + 1))
      #expect(reply.status == 400)
      let problem = try reply.problem()
      #expect(problem.field == field)
      #expect(problem.detail.contains("at most \(limit)"))
    }
  }

  @Test("Numbers at both ends of their range are taken")
  func numbers() async throws {
    try await withServer { server in
      for body in [
        #"{"port": 1, "weight": 1, "priority": 0, "lease_seconds": 1}"#,
        #"{"port": 65535, "weight": 65535, "priority": 65535, "lease_seconds": 86400}"#,
      ] {
        let reply = try await server.put("/v1/services/web/instances/a", body)
        #expect(reply.status < 300, "\(reply.body)")
      }
    }
  }

  @Test("A metadata entry may have 255 octets with its key")
  func metadataLength() async throws {
    try await withServer { server in
      let path = "/v1/services/web/instances/a"
      let longest = String(repeating: "x", count: 253)
      let taken = try await server.put(path, #"{"port": 1, "metadata": {"k": "\#(longest)"}}"#)
      #expect(taken.status == 201)
      let refused = try await server.put(path, #"{"port": 1, "metadata": {"k": "\#(longest)x"}}"#)
      #expect(try refused.problem().field == "metadata")
    }
  }

  static let x62 = String(repeating: "x", count: 62)

  @Test(
    "A service's first label may have 62 octets, the others and an id 63, a service's name 200",
    arguments: [
      (x62, "a", nil), (x62 + "x", "a", "service"), ("a.\(x62)x", "b", nil),
      ("a.\(x62)xx", "b", "service"), ("web", x62 + "x", nil), ("web", x62 + "xx", "id"),
      ("\(x62).\(x62)x.\(x62)x.123456789", "a", nil),
      ("\(x62).\(x62)x.\(x62)x.1234567890", "a", "service"),
    ] as [(String, String, String?)])
  func labels(service: String, id: String, wrongField: String?) async throws {
    try await withServer { server in
      let reply = try await server.put(
        "/v1/services/\(service)/instances/\(id)", #"{"address": "10.0.0.1"}"#)
      #expect(reply.status == (wrongField == nil ? 201 : 400))
      if let wrongField { #expect(try reply.problem().field == wrongField) }
    }
  }

  @Test("A port's name may have 62 octets, a tag 63")
  func otherLabels() async throws {
    try await withServer { server in
      let path = "/v1/services/web/instances/a"
      let x62 = Self.x62
      let taken = try await server.put(
        path, #"{"port": 1, "ports": {"\#(x62)": 1}, "tags": ["x\#(x62)"]}"#)
      #expect(taken.status == 201)
      let port = try await server.put(path, #"{"port": 1, "ports": {"x\#(x62)": 1}}"#)
      #expect(try port.problem().field == "ports.x\(x62)")
      let tag = try await server.put(path, #"{"port": 1, "tags": ["xx\#(x62)"]}"#)
      #expect(try tag.problem().field == "tags.0")
    }
  }

  @Test(
    "Names that the zone or tags need are refused",
    arguments: [
      ("ns", "a", "service"), ("hostmaster", "a", "service"), ("a.tag", "a", "service"),
      ("web", "tag", "id"), ("w%2Fb", "a", "service"), ("web", "a%20b", "id"),
    ])
  func names(service: String, id: String, field: String) async throws {
    try await withServer { server in
      let reply = try await server.put(
        "/v1/services/\(service)/instances/\(id)", #"{"address": "10.0.0.1"}"#)
      #expect(reply.status == 400)
      #expect(try reply.problem().field == field)
    }
  }

  @Test("An owner name that DNS has no room for is refused and named")
  func nameTooLong() async throws {
    try await withServer { server in
      let label = String(repeating: "x", count: 62)
      let reply = try await server.put(
        "/v1/services/\(label).\(label).\(label)/instances/\(label)", #"{"address": "10.0.0.1"}"#)
      let problem = try reply.problem()
      #expect((problem.status, problem.field, problem.limit) == (400, "service", 255))
      #expect(problem.detail.contains("\(label).mesh.internal."))
    }
  }

  // MARK: Conflicts

  @Test("A name that something else holds is 409 with the reason")
  func conflict() async throws {
    try await withServer { server in
      let body = #"{"address": "10.0.0.1"}"#
      #expect(try await server.put("/v1/services/web/instances/a", body).status == 201)
      let reply = try await server.put("/v1/services/a.web/instances/b", body)
      let problem = try reply.problem()
      #expect((problem.status, problem.type) == (409, "urn:rollcall:problem:name-taken"))
      #expect(problem.detail == "a.web.mesh.internal. belongs to instance 'a' of service 'web'")
    }
  }

  @Test("A set of records that no message holds is 409 and names the remedy")
  func rrsetTooLarge() async throws {
    try await withServer { server in
      // All at once, so that they are published together.
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<254 {
          let addresses = (0..<16).compactMap {
            IPAddress(octets: [10, 1, UInt8(number), UInt8($0)])
          }
          let key = InstanceKey(
            service: try ServiceName("web"), id: try Label("i\(number)", kind: .instance))
          let registration = try Registration(addresses: addresses)
          group.addTask { _ = try await server.registry.register(key, registration) }
        }
        try await group.waitForAll()
      }
      let path = "/v1/services/web/instances/more"
      let reply = try await server.put(path, Self.body("addresses", count: 16))
      let problem = try reply.problem()
      #expect((problem.status, problem.type) == (409, "urn:rollcall:problem:rrset-too-large"))
      #expect(problem.limit == 65_535)
      #expect(problem.detail.contains("set max_answers of the service"))
      #expect(try await server.put(path, #"{"address": "10.0.0.1"}"#).status == 201)
    }
  }
}
