// Reads JSON texts (RFC 8259).

import CSimdJSON

/// Why a text is not JSON.
package struct JSONError: Error {
  package let reason: String
}

/// Reads one text after the other and keeps its memory for the next.
package struct JSONParser: ~Copyable {
  private let parser: OpaquePointer

  package init() {
    guard let parser = CSimdJSONParserMake() else { preconditionFailure("there is no memory") }
    self.parser = parser
  }

  deinit {
    CSimdJSONParserFree(parser)
  }

  /// Calls `body` with the value that `octets` hold: one, encoded in UTF-8, with at most 1,024
  /// arrays and objects around one another.
  ///
  /// - Parameter body: must not keep the value, nor any that it holds, nor pointers into them.
  /// - Throws: ``JSONError``, or what `body` throws.
  package mutating func read<Result>(
    _ octets: UnsafeRawBufferPointer, _ body: (JSONValue) throws -> Result
  ) throws -> Result {
    var tape = CSimdJSONTape()
    let reason = CSimdJSONParse(
      parser, octets.baseAddress?.assumingMemoryBound(to: UInt8.self), octets.count, &tape)
    if let reason { throw JSONError(reason: String(cString: reason)) }
    // The root's own word comes first.
    return try body(JSONValue(words: tape.words, strings: tape.strings, index: 1))
  }
}
