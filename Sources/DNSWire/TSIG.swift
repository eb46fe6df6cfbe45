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
