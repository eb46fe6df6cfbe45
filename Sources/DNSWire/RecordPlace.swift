// Where a record lies in a message.

/// The offsets of one record; what is in it is for others to read.
package struct RecordPlace {
  let start: Int
  /// The offset after the owner: of type, class, TTL and length.
  let ownerEnd: Int
  package let end: Int

  /// Octets of type, class, TTL and length.
  private static let fixedLength = 10

  package var rdataStart: Int { ownerEnd + Self.fixedLength }

  var hasRootOwner: Bool { ownerEnd == start + 1 }

  /// The record at `start`, whose owner may be compressed; nil if the message ends within it.
  package init?(_ message: Span<UInt8>, at start: Int) {
    var position = start
    while true {
      guard position < message.count else { return nil }
      let length = Int(message[position])
      guard length <= DomainName.labelLengthLimit || length >= 0xC0 else { return nil }
      position += length >= 0xC0 ? 2 : 1 + length
      if length == 0 || length >= 0xC0 { break }
    }
    guard position + Self.fixedLength <= message.count else { return nil }
    self.start = start
    ownerEnd = position
    end = position + Self.fixedLength + Int(message.uint16(at: position + 8))
    guard end <= message.count else { return nil }
  }

  package func type(_ message: Span<UInt8>) -> RecordType {
    RecordType(rawValue: message.uint16(at: ownerEnd))
  }

  func recordClass(_ message: Span<UInt8>) -> RecordClass {
    RecordClass(rawValue: message.uint16(at: ownerEnd + 2))
  }
}
