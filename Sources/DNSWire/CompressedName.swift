// Reads domain names where they lie in a message, compressed or not (RFC 1035 section 4.1.4).

extension DomainName {
  /// Pointers that are followed for one name: as many as it can have labels. A longer chain leads
  /// from pointer to pointer and is made to cost time.
  private static let pointerLimit = 128

  /// The name at `offset`, whose pointers lead backwards only.
  ///
  /// - Returns: nil for what is no name, or one longer than ``lengthLimit``.
  package init?(_ message: Span<UInt8>, at offset: Int) {
    var wire: [UInt8] = []
    var position = offset
    var lowest = offset
    var pointers = 0
    while true {
      guard position < message.count else { return nil }
      let length = Int(message[position])
      if length >= 0xC0 {
        guard position + 1 < message.count else { return nil }
        position = (length & 0x3F) << 8 | Int(message[position + 1])
        pointers += 1
        guard position < lowest, pointers <= Self.pointerLimit else { return nil }
        lowest = position
        continue
      }
      guard length <= Self.labelLengthLimit, position + length < message.count else { return nil }
      for index in position...position + length { wire.append(message[index]) }
      position += 1 + length
      guard wire.count <= Self.lengthLimit else { return nil }
      if length == 0 { break }
    }
    self.init(uncheckedWire: wire)
  }
}
