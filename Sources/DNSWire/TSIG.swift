// The TSIG record of a query, as far as a server without keys must know it (RFC 8945).

/// What a refusal of the signature repeats of it.
package struct TSIG: Sendable {
  /// The name of the key.
  package let owner: DomainName
  package let algorithm: DomainName
  /// Time signed and fudge as they stand in the record.
  package let time: [UInt8]

  private static let timeLength = 8
  /// Octets of MAC size, original id, error, and length of other data.
  private static let numbersLength = 8

  /// Reads the record at `offset`, where ``Query/tsigOffset`` has found it well formed.
  /// - Returns: nil when a name in it is none.
  package init?(_ message: Span<UInt8>, at offset: Int) {
    guard let record = RecordPlace(message, at: offset),
      let owner = DomainName(message, at: offset),
      let algorithm = DomainName(message, at: record.rdataStart)
    else { return nil }
    // The algorithm is not compressed (RFC 8945 section 4.2), or else the rest does not fit.
    let timeStart = record.rdataStart + algorithm.wire.count
    let sizeOffset = timeStart + Self.timeLength
    guard sizeOffset + Self.numbersLength <= record.end else { return nil }
    let macLength = Int(message.uint16(at: sizeOffset))
    guard sizeOffset + Self.numbersLength + macLength <= record.end else { return nil }
    let otherLength = Int(message.uint16(at: sizeOffset + 6 + macLength))
    guard sizeOffset + Self.numbersLength + macLength + otherLength == record.end else {
      return nil
    }
    self.owner = owner
    self.algorithm = algorithm
    time = (timeStart..<timeStart + Self.timeLength).map { message[$0] }
  }

  /// The RDATA that says that the key is unknown: unsigned, error 17 (RFC 8945 section 5.2.1).
  package func badKeyRDATA(originalID: UInt16) -> [UInt8] {
    var rdata = algorithm.wire + time
    let badKey: UInt16 = 17
    for number in [0, originalID, badKey, 0] { rdata.append(bigEndian: number) }
    return rdata
  }
}

extension DomainName {
  /// Reads the name at `offset`, following pointers backwards only (RFC 1035 section 4.1.4).
  fileprivate init?(_ message: Span<UInt8>, at offset: Int) {
    var wire: [UInt8] = []
    var position = offset
    var lowest = offset
    while true {
      guard position < message.count else { return nil }
      let length = Int(message[position])
      if length >= 0xC0 {
        guard position + 1 < message.count else { return nil }
        position = (length & 0x3F) << 8 | Int(message[position + 1])
        guard position < lowest else { return nil }
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
