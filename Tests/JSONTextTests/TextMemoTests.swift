// What was made of texts is found again, and nothing else is.

import JSONText
import Testing

@Suite("Texts that were read before") struct TextMemoTests {
  private func find(_ text: String, in memo: TextMemo<Int>) -> Int? {
    var text = text
    return text.withUTF8 { memo[$0] }
  }

  @Test("A text is found as long as no other has taken its place")
  func found() {
    var memo = TextMemo<Int>()
    #expect(find("", in: memo) == nil)
    for number in 0..<5_000 {
      // Of all lengths around that of a word.
      var text = String(repeating: "x", count: number % 20) + "\(number)"
      text.withUTF8 { memo[$0] = number }
      #expect(find(text, in: memo) == number)
      #expect(find(text + "y", in: memo) == nil)
    }
    let left = (0..<5_000).filter {
      find(String(repeating: "x", count: $0 % 20) + "\($0)", in: memo) == $0
    }
    #expect((500...1_024).contains(left.count))
  }

  @Test("The empty text is one like others")
  func empty() {
    var memo = TextMemo<Int>()
    UnsafeBufferPointer<UInt8>(start: nil, count: 0).withMemoryRebound(to: UInt8.self) {
      memo[$0] = 7
    }
    #expect(find("", in: memo) == 7)
  }

  private func identity(_ text: String) throws -> [UInt8] {
    var parser = JSONParser()
    return try Array(text.utf8).withUnsafeBytes { octets in
      try parser.read(octets) { value in
        var octets: [UInt8] = []
        value.appendIdentity(to: &octets)
        return octets
      }
    }
  }

  @Test("Equal values have the same identity, however they are written")
  func equal() throws {
    #expect(
      try identity(#"{"a": [1, -2.5, "\u0062"], "c": {"d": null}, "e": [true, false]}"#)
        == identity(#"{"\u0061":[1,-25e-1,"b"],"c":{"d":null},"e":[true,false]}"#))
  }

  @Test("Different values have different identities")
  func different() throws {
    let texts = [
      "null", "true", "false", "0", "1", "-1", "1.0", "18446744073709551615", "\"\"", #""1""#,
      #""null""#, "[]", "{}", "[[]]", "[{}]", "[[],[]]", "[[[]]]", #"["a","b"]"#, #"["ab"]"#,
      #"[["a"],"b"]"#, #"["a",["b"]]"#, #"{"a":"b"}"#, #"{"a":["b"]}"#, #"{"a":{"b":1},"c":2}"#,
      #"{"a":{"b":1,"c":2}}"#, #"["a\u0000b"]"#, #"["a\u0000","b"]"#,
    ]
    #expect(Set(try texts.map(identity)).count == texts.count)
  }

  @Test("An inner value has the identity that it has alone")
  func inner() throws {
    var parser = JSONParser()
    let members = try Array(#"{"a":[1,{"b":2}],"c":3,"d":"e"}"#.utf8).withUnsafeBytes { octets in
      try parser.read(octets) { value in
        Array(try #require(value.members)).map { member in
          var octets: [UInt8] = []
          member.value.appendIdentity(to: &octets)
          return octets
        }
      }
    }
    #expect(members == (try [#"[1,{"b":2}]"#, "3", #""e""#].map(identity)))
  }
}
