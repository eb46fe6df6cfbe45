// The OPT record of a reply (RFC 6891 section 6.1.2).

import DNSWire

/// Writes an OPT record and its options one after another into a reply.
struct OptRecord {
  private let base: UnsafeMutableRawPointer
  /// Octets written.
  private(set) var length = EDNS.recordLength

  /// Writes the fixed part to `memory`, which has room for it and what is appended.
  init(
    to memory: UnsafeMutableRawPointer, udpPayloadSize: UInt16, code: ResponseCode, dnssecOK: Bool
  ) {
    base = memory
    memory.storeBigEndian(UInt8(0), at: 0)
    memory.storeBigEndian(RecordType.opt.rawValue, at: 1)
    memory.storeBigEndian(udpPayloadSize, at: 3)
    memory.storeBigEndian(UInt8(truncatingIfNeeded: code.rawValue >> 4), at: 5)
    memory.storeBigEndian(UInt8(0), at: 6)
    memory.storeBigEndian(dnssecOK ? EDNS.dnssecOKFlag : 0, at: 7)
    memory.storeBigEndian(UInt16(0), at: 9)
  }

  /// Appends an option whose data the caller writes.
  /// - Returns: where the data go, `dataLength` octets.
  mutating func append(_ code: OptionCode, dataLength: Int) -> UnsafeMutableRawPointer {
    base.storeBigEndian(code.rawValue, at: length)
    base.storeBigEndian(UInt16(dataLength), at: length + 2)
    let data = base + length + EDNS.optionHeaderLength
    length += EDNS.optionHeaderLength + dataLength
    base.storeBigEndian(UInt16(length - EDNS.recordLength), at: 9)
    return data
  }
}
