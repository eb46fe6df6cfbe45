// JSON text in and out (RFC 8259), and times.

import Testing

@testable import RegistryAPI

@Suite("JSON") struct JSONTests {
  @Test(
    "What is read is written the same, without spaces and in order of name",
    arguments: [
      ("null", "null"), (" true ", "true"), ("[ ]", "[]"), ("{ }", "{}"), ("-12", "-12"),
      ("1.5", "1.5"), ("9223372036854775807", "9223372036854775807"),
      (#"{"b" : [1 , {"a":null}], "a":false}"#, #"{"a":false,"b":[1,{"a":null}]}"#),
      (#""/\ud83d\ude00é""#, "\"/😀é\""),
    ])
  func roundTrip(text: String, written: String) throws {
    #expect(try JSON(parsing: Array(text.utf8)).encoded == written)
  }

  @Test(
    "What is no JSON is refused",
    arguments: [
      "", " ", "nul", "1.", "1e", "--1", "'a'", #""a"#, #""\x""#, #""\u12""#, "[1", "[,1]",
      #"{"a"}"#, "{a:1}", #"{"a":1"#, "1 2",
    ])
  func malformed(text: String) {
    #expect(throws: JSONError.self) { try JSON(parsing: Array(text.utf8)) }
  }

  @Test("Octets that are not UTF-8 are refused")
  func notUTF8() {
    #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xFF, 0x22]) }
  }

  @Test("A body that is nothing but brackets does no harm")
  func nesting() {
    let text = String(repeating: "[", count: 60_000)
    #expect(throws: JSONError.self) { try JSON(parsing: Array(text.utf8)) }
  }

  @Test(
    "Times are shown in UTC to the millisecond (RFC 3339)",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (1_767_323_045_678, "2026-01-02T03:04:05.678Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
    ] as [(Int64, String)])
  func times(time: Int64, shown: String) {
    #expect(timestamp(time) == shown)
  }
}
