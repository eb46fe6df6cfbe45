// Texts that are kept as values.

import JSONText
import Testing

@Suite("JSON as a tree")
struct JSONTreeTests {
  @Test("What is read is written the same")
  func roundTrip() throws {
    let text = #"{"a":[1,-2,{"b":null}],"c":true,"d":false,"e":"\u0001\"ä","f":{},"g":[]}"#
    #expect(try JSON(text: Array(text.utf8)).line == text)
  }

  @Test("Members and items are found, and what is not there is nil or empty")
  func access() throws {
    let tree = try JSON(text: Array(#"{"a":[1,"x"],"n":7}"#.utf8))
    #expect(tree["a"]?.items.map(\.integer) == [1, nil])
    #expect(tree["a"]?.items.last?.string == "x")
    #expect(tree["n"]?.integer == 7 && tree["n"]?.string == nil && tree["n"]?["x"] == nil)
    #expect(tree["z"]?.line == nil && tree.items.isEmpty)
  }

  @Test("No JSON, and numbers that could not be written as they were, are refused")
  func refusal() {
    for text in ["", "{", "[1.5]", "18446744073709551615"] {
      #expect(throws: JSONError.self) { try JSON(text: Array(text.utf8)) }
    }
  }
}
