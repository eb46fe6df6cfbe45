// Registering and renewing many instances with one call.

import ServiceRegistry
import Testing

@testable import RegistryAPI

@Suite("Bulk calls") struct BulkTests {
  @Test("Items are carried out in order, each whole or not at all, and so are the results")
  func registering() async throws {
    try await withServer { server in
      let reply = try await server.post(
        "/v1/instances",
        """
        {"instances": [
          {"service": "web", "id": "a", "address": "10.0.0.1", "port": 80},
          {"service": "web", "id": "b", "address": "10.0.0.999"},
          {"service": "web", "id": "a", "address": "10.0.0.1", "port": 80},
          {"service": "web", "id": "tag", "address": "10.0.0.3"},
          {"service": "Db.web", "id": "x", "address": "10.0.0.4", "lease_seconds": null},
          {"service": "web", "id": "db", "address": "10.0.0.5"},
          {"service": "web", "id": "c", "port": 81}
        ]}
        """)
      #expect(reply.status == 200)
      let results = try #require(try reply.json()["results"])
      #expect(results.count == 7)
      let statuses = (0..<7).map { results[$0]?["status"] }
      #expect(statuses == [201, 400, 200, 400, 201, 409, 201])
      #expect(results[0]?["revision"] == 1 && results[2]?["revision"] == 1)
      #expect(results[1]?["problem"]?["field"] == "address")
      #expect(results[1]?["service"] == "web" && results[1]?["id"] == "b")
      #expect(results[3]?["problem"]?["field"] == "id")
      #expect(results[4]?["service"] == "Db.web" && results[4]?["revision"] == 2)
      #expect(results[5]?["problem"]?["type"] == "urn:rollcall:problem:name-taken")
      // Its address is the one that the request came from.
      #expect(results[6]?["warnings"]?.count == 1)
      let list = try await server.curl("/v1/services/web/instances").json()
      #expect(list["instances"]?.count == 2)
    }
  }

  @Test("An item that says the same as one before has its own addresses, and its own faults")
  func alike() async throws {
    func item(_ id: String, _ own: String) -> String {
      #"{"service":"web","id":"\#(id)",\#(own)"port":80,"ports":{"grpc":{"port":81}},"#
        + #""tags":["v2"],"metadata":{"a":"b"},"lease_seconds":60}"#
    }
    let own = [
      #""address":"10.0.0.1","#, #""address":"10.0.0.2","#, #""addresses":["10.0.0.3","fd00::1"],"#,
      #""address":"10.0.0.999","#, #""address":"0.0.0.0","#, #""addresses":[],"#, "",
      #""addresses":["10.0.0.4","10.0.0.4"],"#, #""address":["10.0.0.5"],"#,
      #""addresses":"10.0.0.6","#, #""address":"10.0.0.7","address":"10.0.0.8","#,
      #""address":"10.0.0.7","addresses":["10.0.0.8"],"#, #""address":"10.0.0.9","status":"hm","#,
      #""address":"10.0.0.9","tags":["v2"],"#, #""address":7,"#, #""address":"fd00::2","#,
    ]
    try await withServer { server in
      let items = own.enumerated().map { item("i\($0)", $1) }
      let reply = try await server.post(
        "/v1/instances", #"{"instances":[\#(items.joined(separator: ","))]}"#)
      let results = try #require(try reply.json()["results"])
      #expect(
        own.indices.map { results[$0]?["status"] } == [
          201, 201, 201, 400, 400, 400, 201, 400, 400, 400, 400, 400, 400, 400, 400, 201,
        ])
      let fields = [3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14].map { results[$0]?["problem"]?["field"] }
      #expect(
        fields == [
          "address", "addresses", "addresses", "addresses", "address", "addresses", "address",
          "address", "status", "tags", "address",
        ])
      #expect(results[6]?["warnings"]?.count == 1)
      let list = try #require(
        try await server.curl("/v1/services/web/instances").json()["instances"])
      #expect(list.count == 5)
      for (place, addresses) in [
        (0, ["10.0.0.1"]), (1, ["10.0.0.2"]), (2, ["fd00::2"]), (3, ["10.0.0.3", "fd00::1"]),
        (4, ["127.0.0.1"]),
      ] {
        let instance = try #require(list[place])
        #expect(instance["addresses"] == .array(addresses.map(JSONTree.string)))
        #expect(instance["ports"]?["grpc"]?["port"] == 81)
        #expect(instance["tags"]?[0] == "v2" && instance["metadata"]?["a"] == "b")
        #expect(instance["lease_seconds"] == 60)
      }
    }
  }

  @Test("An item has its own metadata, and its own faults in it")
  func metadata() async throws {
    let metadata = [
      #"{"a":"1"}"#, #"{"a":"2","b":""}"#, "{}", #"{"a":1}"#, #"{"a":"1","a":"1"}"#, #"{"":"1"}"#,
      "[]", "null", #"{"a":"1"}"#,
      "{\((0..<65).map { #""k\#($0)":"""# }.joined(separator: ","))}",
      "{\((0..<20).map { #""k\#($0)":"""# }.joined(separator: ","))}",
    ]
    try await withServer { server in
      let items = metadata.enumerated().map {
        #"{"service":"web","id":"i\#($0)","address":"10.0.0.1","port":80,"metadata":\#($1)}"#
      }
      let reply = try await server.post(
        "/v1/instances", #"{"instances":[\#(items.joined(separator: ","))]}"#)
      let results = try #require(try reply.json()["results"])
      #expect(
        metadata.indices.map { results[$0]?["status"] } == [
          201, 201, 201, 400, 400, 400, 400, 400, 201, 400, 201,
        ])
      #expect(
        [3, 4, 5, 6, 7, 9].map { results[$0]?["problem"]?["field"] } == [
          "metadata.a", "metadata.a", "metadata", "metadata", "metadata", "metadata",
        ])
      for place in [0, 1, 2, 8, 10] {
        let instance = try await server.curl("/v1/services/web/instances/i\(place)").json()
        #expect(instance["metadata"] == (try JSONTree(metadata[place])))
      }
    }
  }

  @Test("All that is good is in one commit")
  func oneCommit() async throws {
    try await withServer { server in
      let items = (0..<1_200).map {
        #"{"service": "s\#($0 % 40)", "id": "i\#($0)", "address": "10.0.0.\#($0 % 250)"}"#
      }
      let before = server.store.commits
      let reply = try await server.post(
        "/v1/instances", #"{"instances": [\#(items.joined(separator: ","))]}"#)
      #expect(reply.status == 200)
      #expect(server.store.commits == before + 1)
      let services = try await server.curl("/v1/services").json()["services"]
      #expect(services?.count == 40)
    }
  }

  @Test("When the commit fails, each item says so and none is there")
  func failedCommit() async throws {
    try await withServer { server in
      server.store.fail(with: StoreError(reason: "no space", isOutcomeUnknown: false))
      let reply = try await server.post(
        "/v1/instances", #"{"instances": [{"service": "web", "id": "a", "address": "10.0.0.1"}]}"#)
      let result = try reply.json()["results"]?[0]
      #expect(result?["status"] == 503 && result?["problem"]?["outcome"] == "not-stored")
      #expect(try await server.curl("/v1/services/web").status == 404)
    }
  }

  @Test("A renewal keeps its revision, a change of status has a new one, an unknown id is 404")
  func renewing() async throws {
    try await withServer { server in
      for id in ["a", "b"] {
        _ = try await server.put(
          "/v1/services/web/instances/\(id)", #"{"address": "10.0.0.1", "lease_seconds": 60}"#)
      }
      let reply = try await server.post(
        "/v1/renewals",
        """
        {"renewals": [{"service": "web", "id": "a"}, {"service": "web", "id": "gone"},
          {"service": "WEB", "id": "B", "status": "critical"}, {"service": "web"}, 5,
          {"service": "web", "id": "a", "status": "passing"}]}
        """)
      #expect(reply.status == 200)
      let results = try #require(try reply.json()["results"])
      #expect((0..<6).map { results[$0]?["status"] } == [200, 404, 200, 400, 400, 200])
      #expect((0..<6).map { results[$0]?["revision"] } == [1, nil, 3, nil, nil, 1])
      #expect(results[3]?["problem"]?["field"] == "id")
      #expect(results[3]?["service"] == "web" && results[3]?["id"] == .null)
      let b = try await server.curl("/v1/services/web/instances/b").instance()
      #expect(b.status == "critical")
    }
  }

  @Test("Of several statuses for one instance the last one holds")
  func lastStatus() async throws {
    try await withServer { server in
      _ = try await server.put("/v1/services/web/instances/a", #"{"address": "10.0.0.1"}"#)
      let reply = try await server.post(
        "/v1/renewals",
        """
        {"renewals": [{"service": "web", "id": "a", "status": "critical"},
          {"service": "web", "id": "a", "status": "passing"}, {"service": "web", "id": "a"}]}
        """)
      let results = try reply.json()["results"]
      #expect((0..<3).map { results?[$0]?["status"] } == [200, 200, 200])
      let a = try await server.curl("/v1/services/web/instances/a").instance()
      #expect(a.status == "passing")
    }
  }

  @Test(
    "A body that is no such list is 400 and changes nothing",
    arguments: [
      ("", "empty"), ("[]", "object"), ("{}", "instances: is missing"),
      (#"{"instances": {}}"#, "must be an array"),
      (#"{"renewals": []}"#, "did you mean"), (#"{"instances": [], "instances": []}"#, "twice"),
      (#"{"instances": [{"service": "web", "id": "a", "port": 1}"#, "JSON"),
    ])
  func malformed(body: String, words: String) async throws {
    try await withServer { server in
      let reply = try await server.post("/v1/instances", body)
      #expect(reply.status == 400)
      #expect(reply.body.contains(words) || words == "did you mean", "\(reply.body)")
      #expect(try await server.curl("/v1/services").json()["services"]?.count == 0)
    }
  }

  @Test("50,000 items are taken, one more is refused whole and names the limit")
  func itemLimit() async throws {
    try await withServer { server in
      _ = try await server.put("/v1/services/web/instances/a", #"{"address": "10.0.0.1"}"#)
      func body(_ count: Int) -> String {
        let items = Array(repeating: #"{"service":"web","id":"a"}"#, count: count)
        return #"{"renewals":[\#(items.joined(separator: ","))]}"#
      }
      let over = try await server.post("/v1/renewals", body(APILimits.bulkItems + 1))
      #expect(try (over.status, over.problem().limit) == (400, APILimits.bulkItems))
      let full = try await server.post("/v1/renewals", body(APILimits.bulkItems))
      #expect(full.status == 200)
      #expect(full.body.matches(of: /"status":200/).count == APILimits.bulkItems)
    }
  }
}
