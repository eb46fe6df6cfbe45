// The room that the bodies of bulk calls share.

import DNSWire
import Testing

@testable import RegistryAPI

@Suite("Room for bodies") struct BodyRoomTests {
  @Test("Room is taken to the last octet, and what was given back is free again")
  func limit() {
    let room = BodyRoom(octets: 10).share(of: nil)
    #expect(room.take(4))
    #expect(room.take(6))
    #expect(!room.take(1))
    room.giveBack(4)
    #expect(!room.take(5))
    #expect(room.take(4))
  }

  @Test("One network gets half of the room, whichever of its addresses come")
  func shares() throws {
    let room = BodyRoom(octets: 10)
    let clients = ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map {
      room.share(of: IPAddress($0))
    }
    #expect(clients[0].take(4))
    #expect(!clients[1].take(2))
    #expect(clients[1].take(1))
    #expect(clients[2].take(5))
    clients[0].giveBack(4)
    #expect(clients[1].take(4))
    #expect(!clients[1].take(1))
    // What comes from this machine may be anybody's.
    clients[2].giveBack(5)
    let local = room.share(of: IPAddress("127.0.0.1"))
    #expect(local.take(5))
    local.giveBack(5)
    clients[1].giveBack(5)
    #expect(local.take(10))
  }

  @Test("A bulk call that finds no room is 503 with Retry-After, and leaves none taken")
  func bulkCall() async throws {
    let body = #"{"instances": [{"service": "web", "id": "a", "address": "10.0.0.1"}]}"#
    try await withServer { server in
      let room = server.api.bulkBodyRoom.share(of: nil)
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
