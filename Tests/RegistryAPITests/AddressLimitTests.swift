// At which addresses a token may register.

import Testing

@testable import RegistryAPI

@Suite("Address prefixes of a token") struct AddressLimitTests {
  private func tokens(_ prefixes: String...) throws -> TestTokens {
    var tokens = TestTokens()
    try tokens.add("limited", .write, "*", addresses: prefixes)
    try tokens.add("free", .write, "*")
    return tokens
  }

  @Test("All addresses of an instance must be within the prefixes, in whatever form")
  func given() async throws {
    let tokens = try tokens("10.0.0.0/8", "fd00::/8", "192.0.2.7")
    let bodies = [
      (#"{"address":"10.255.255.255"}"#, 201), (#"{"address":"11.0.0.0"}"#, 403),
      (#"{"address":"9.255.255.255"}"#, 403), (#"{"address":"::ffff:10.0.0.1"}"#, 201),
      (#"{"address":"::ffff:11.0.0.1"}"#, 403), (#"{"address":"fd00::1"}"#, 201),
      (#"{"address":"fe00::1"}"#, 403), (#"{"address":"::10.0.0.1"}"#, 403),
      (#"{"address":"64:ff9b::10.0.0.1"}"#, 403), (#"{"address":"2002:a00:1::"}"#, 403),
      (#"{"address":"192.0.2.7"}"#, 201), (#"{"address":"192.0.2.8"}"#, 403),
      (#"{"addresses":["10.0.0.1","fd00::1"]}"#, 201),
      (#"{"addresses":["10.0.0.1","192.0.2.1"]}"#, 403),
      (#"{"addresses":["10.0.0.1","10.0.0.2","2001:db8::1"]}"#, 403),
    ]
    try await withServer(tokens: tokens.table) { server in
      let limited = server.with(tokens, "limited")
      for (number, (body, status)) in bodies.enumerated() {
        let reply = try await limited.put("web", "i\(number)", body)
        #expect(reply.status == status, "\(body)")
        guard status == 403 else { continue }
        #expect(try reply.problem().field == "addresses")
        #expect(try reply.problem().detail.contains("10.0.0.0/8"))
        #expect(try await server.with(tokens, "free").put("web", "i\(number)", body).status == 201)
      }
      // In one call, where what is alike is read once.
      let items = bodies.enumerated().map { number, body in
        #"{"service":"bulk","id":"i\#(number)",\#(body.0.dropFirst())"#
      }.joined(separator: ",")
      let bulk = try await limited.curl("POST", "/v1/instances", #"{"instances":[\#(items)]}"#)
      let results = try #require(try bulk.json()["results"])
      #expect(
        bodies.indices.map { results[$0]?["status"] }
          == bodies.map { JSONTree?.some(.number(Double($0.1))) })
    }
  }

  @Test("The address that a request came from counts like one that is given")
  func implied() async throws {
    let port = #"{"port":80}"#
    let item = #"{"instances":[{"service":"web","id":"b","port":80}]}"#
    for (prefix, status) in [("10.0.0.0/8", 403), ("127.0.0.0/8", 201)] {
      let tokens = try tokens(prefix)
      try await withServer(tokens: tokens.table) { server in
        let limited = server.with(tokens, "limited")
        #expect(try await limited.put("web", "a", port).status == status)
        let bulk = try await limited.curl("POST", "/v1/instances", item)
        #expect(try bulk.json()["results"]?[0]?["status"] == JSONTree.number(Double(status)))
        // No field of a proxy changes it.
        let forwarded = try await server.curl(
          "/v1/services/web/instances/c",
          [
            "-X", "PUT", "-H", "Content-Type: application/json", "-d", port,
            "-H", "Authorization: Bearer \(tokens["limited"])", "-H", "X-Forwarded-For: 10.0.0.1",
            "-H", "Forwarded: for=10.0.0.1", "-H", "X-Real-IP: 10.0.0.1",
          ])
        #expect(forwarded.status == status)
      }
    }
  }

  @Test("An instance elsewhere may be renewed, but not registered again there")
  func renewal() async throws {
    let tokens = try tokens("10.0.0.0/8")
    try await withServer(tokens: tokens.table) { server in
      let body = #"{"address":"192.0.2.1"}"#
      #expect(try await server.with(tokens, "free").put("web", "a", body).status == 201)
      let limited = server.with(tokens, "limited")
      let renewed = try await limited.curl("POST", "/v1/services/web/instances/a/renew")
      #expect(renewed.status == 200)
      #expect(try await limited.put("web", "a", body).status == 403)
    }
  }
}
