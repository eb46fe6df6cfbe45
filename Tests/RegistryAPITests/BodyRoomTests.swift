// The room that the bodies of bulk calls share.

import Testing

@testable import RegistryAPI

@Suite("Room for bodies") struct BodyRoomTests {
  @Test("Room is taken to the last octet, and what was given back is free again")
  func limit() {
    let room = BodyRoom(octets: 10)
    #expect(room.take(4))
    #expect(room.take(6))
    #expect(!room.take(1))
    room.giveBack(4)
    #expect(!room.take(5))
    #expect(room.take(4))
  }

  @Test("A bulk call that finds no room is 503 with Retry-After, and leaves none taken")
  func bulkCall() async throws {
    let body = #"{"instances": [{"service": "web", "id": "a", "address": "10.0.0.1"}]}"#
    try await withServer { server in
      let room = server.api.bulkBodyRoom
      #expect(room.take(APILimits.bulkBodiesLength - body.utf8.count + 1))
      let refused = try await server.post("/v1/instances", body)
      #expect(refused.status == 503)
      #expect(try refused.problem().type == "urn:rollcall:problem:busy")
      // A call about one instance does not depend on it.
      let one = try await server.put("/v1/services/web/instances/b", #"{"address": "10.0.0.2"}"#)
      #expect(one.status == 201)
      room.giveBack(1)
      for _ in 0..<2 { #expect(try await server.post("/v1/instances", body).status == 200) }
    }
  }
}
