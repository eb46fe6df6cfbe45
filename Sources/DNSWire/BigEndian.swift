// Numbers in network order. Inlinable, since every query comes by here from other modules.

extension [UInt8] {
  /// Appends a number in network order.
  @inlinable package mutating func append(bigEndian number: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
  }
}

extension UnsafeMutableRawPointer {
  /// Stores a number in network order.
  @inlinable package func storeBigEndian(_ value: some FixedWidthInteger, at offset: Int) {
    storeBytes(of: value.bigEndian, toByteOffset: offset, as: type(of: value))
  }
}

extension Span<UInt8> {
  /// The 16-bit number in network order at `offset`.
  @inlinable package func uint16(at offset: Int) -> UInt16 {
    UInt16(self[offset]) << 8 | UInt16(self[offset + 1])
  }
}
