// Events out of a stream's octets.

import Testing

@testable import RollcallClient

@Suite("A stream of events") struct EventParserTests {
  private static let stream =
    ": events from here on\nid: 42\n\n:\n\nid: 43\nevent: registered\r\ndata: {\"service\":\"web\","
    + "\ndata: \"revision\":43}\n\nevent: held\ndata: {}\n\nid: 44\n\nretry: 5\n\n"

  @Test("Events are the same however the octets are cut", arguments: [1, 2, 7, 1_000])
  func pieces(length: Int) throws {
    var parser = EventParser()
    var events: [StreamEvent] = []
    var rest = Array(Self.stream.utf8)[...]
    while !rest.isEmpty {
      events += try parser.take(rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    #expect(events.map(\.kind) == ["registered", "held"])
    #expect(events.map(\.id) == ["43", nil])
    #expect(events[0].data == "{\"service\":\"web\",\n\"revision\":43}")
    #expect(parser.lastID == "44")
  }

  @Test("The half of an event before a lost connection is forgotten, and its id does not count")
  func half() throws {
    var parser = EventParser()
    _ = try parser.take(Array("id: 1\n\nid: 2\nevent: registered\nda".utf8))
    parser.beginAgain()
    #expect(parser.lastID == "1")
    let events = try parser.take(Array("event: expired\ndata: {}\n\n".utf8))
    #expect(events.map(\.kind) == ["expired"] && events[0].id == nil)
  }

  @Test("A line longer than the limit is an error")
  func longLine() throws {
    var parser = EventParser()
    let line = Array(repeating: UInt8(ascii: "x"), count: EventParser.lineLengthLimit)
    #expect(try parser.take(line).isEmpty)
    #expect(throws: RollcallError.self) { try parser.take([UInt8(ascii: "x")]) }
  }
}
