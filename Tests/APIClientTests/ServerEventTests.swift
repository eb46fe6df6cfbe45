// What a server's events say.

import JSONText
import RollcallClient
import Testing

@testable import APIClient

@Suite("An event of the server") struct ServerEventTests {
  private func event(_ data: String) throws -> ServerEvent {
    var parser = EventParser()
    let events = try parser.take(Array("id: 43\nevent: registered\ndata: \(data)\n\n".utf8))
    return try ServerEvent(try #require(events.first))
  }

  @Test("Its data are JSON")
  func data() throws {
    let event = try event(#"{"service":"web","revision":43}"#)
    #expect(event.id == "43" && event.kind == "registered")
    #expect(event.data["revision"]?.integer == 43)
  }

  @Test("What is no event of this server is an error")
  func unreadable() {
    #expect(throws: RollcallError.self) { try event("<html>") }
  }
}
