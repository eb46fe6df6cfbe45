// JSON text in and out (RFC 8259).

import JSONText
import Testing

@Suite("JSON") struct JSONTests {
  /// The text as it is written after having been read.
  private func rewritten(_ text: String) throws -> String {
    try rewritten(Array(text.utf8))
  }

  private func rewritten(_ octets: [UInt8]) throws -> String {
    var parser = JSONParser()
    return try octets.withUnsafeBytes { octets in
      try parser.read(octets) { String(decoding: tree($0).encoded, as: UTF8.self) }
    }
  }

  private func tree(_ value: JSONValue) -> JSON {
    switch value.kind {
    case .null: .null
    case .yes: .bool(true)
    case .no: .bool(false)
    case .integer: value.integer.map(JSON.integer) ?? .null
    case .largeInteger, .otherNumber: .string("no Int")
    case .string: .text(value.string)
    case .array: .array((value.elements.map(Array.init) ?? []).map(tree))
    case .object:
      .object((value.members.map(Array.init) ?? []).map { ($0.name.string ?? "", tree($0.value)) })
    }
  }

  @Test(
    "What is read is written the same, without spaces",
    arguments: [
      ("null", "null"), (" true ", "true"), ("[ ]", "[]"), ("{ }", "{}"), ("-12", "-12"),
      ("0", "0"), ("9223372036854775807", "9223372036854775807"),
      ("-9223372036854775808", "-9223372036854775808"),
      ("[1.5, 9223372036854775808]", #"["no Int","no Int"]"#),
      (
        #"{"b" : [1 , {"a":null}, [], 2.5, {}], "a":false}"#,
        #"{"b":[1,{"a":null},[],"no Int",{}],"a":false}"#
      ),
      (#""\/\ud83d\ude00é""#, "\"/😀é\""), (#""\u0000\u001f\"\\\n""#, #""\u0000\u001f\"\\\u000a""#),
    ])
  func roundTrip(text: String, written: String) throws {
    #expect(try rewritten(text) == written)
  }

  @Test(
    "A whole number may be written with a fraction or an exponent",
    arguments: [
      ("1.0", 1), ("-4e3", -4_000), ("86400.0", 86_400), ("0.0", 0), ("-0.0", 0), ("1.5", nil),
      ("1e-1", nil), ("1e19", nil), ("1e300", nil), ("18446744073709551615", nil),
    ] as [(String, Int?)])
  func wholeNumbers(text: String, number: Int?) throws {
    var parser = JSONParser()
    let read = try Array(text.utf8).withUnsafeBytes { try parser.read($0) { $0.integer } }
    #expect(read == number)
  }

  @Test(
    "What is no JSON is refused",
    arguments: [
      "", " ", "nul", "1.", "1e", "--1", "'a'", #""a"#, #""\x""#, #""\u12""#, "[1", "[,1]",
      #"{"a"}"#, "{a:1}", #"{"a":1"#, "1 2", "[1,]", "NaN", "99999999999999999999",
    ])
  func malformed(text: String) {
    #expect(throws: JSONError.self) { try rewritten(text) }
  }

  @Test("Octets that are not UTF-8 are refused")
  func notUTF8() {
    #expect(throws: JSONError.self) { try rewritten([0x22, 0xFF, 0x22]) }
  }

  @Test("A text that is nothing but brackets does no harm")
  func nesting() {
    #expect(throws: JSONError.self) { try rewritten(String(repeating: "[", count: 60_000)) }
  }

  private enum Name: String, CaseIterable {
    case port, tags, metadata, status
  }

  private enum Status: String, CaseIterable {
    case passing, critical
  }

  private func read(_ text: String) throws -> (Int?, [String]?, [String]?, Status?) {
    var parser = JSONParser()
    return try Array(text.utf8).withUnsafeBytes { octets in
      try parser.read(octets) { value in
        let fields = try JSONFields<Name>(value, except: [])
        let tags = try fields.elements(.tags) { item throws(JSONFault) in
          try item.requireString()
        }
        let metadata = try fields.members(.metadata) { name, item throws(JSONFault) in
          "\(name)=\(try item.requireString())"
        }
        return (try fields.integer(.port, in: 1...9), tags, metadata, try fields.choice(.status))
      }
    }
  }

  @Test("Fields are found by name, in any order")
  func fields() throws {
    let all = try read(
      #"{"status": "critical", "tags": ["a", "b"], "port": 9, "metadata": {"x": "y"}}"#)
    #expect(all == (9, ["a", "b"], ["x=y"], .critical))
    #expect(try read("{}") == (nil, nil, nil, nil))
  }

  @Test(
    "A fault has the path of the value",
    arguments: [
      ("[]", JSONFault("", "must be an object")),
      (#"{"prt": 1}"#, JSONFault("prt", "is unknown (did you mean 'port'?)")),
      (#"{"port": 1, "port": 1}"#, JSONFault("port", "is given twice")),
      (#"{"port": 10}"#, JSONFault("port", "must be a whole number from 1 to 9", limit: 9)),
      (#"{"tags": {}}"#, JSONFault("tags", "must be an array")),
      (#"{"tags": ["a", 1]}"#, JSONFault("tags.1", "must be a string")),
      (#"{"metadata": []}"#, JSONFault("metadata", "must be an object")),
      (#"{"metadata": {"x": null}}"#, JSONFault("metadata.x", "must be a string")),
      (#"{"metadata": {"x": "", "x": ""}}"#, JSONFault("metadata.x", "is given twice")),
      (
        #"{"status": "pasing"}"#,
        JSONFault("status", "must be one of passing, critical (did you mean 'passing'?)")
      ),
    ])
  func faults(text: String, fault: JSONFault) {
    #expect(throws: fault) { try read(text) }
  }
}
