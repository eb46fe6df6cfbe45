// SipHash-2-4, the keyed hash that server cookies are made with (RFC 9018 section 4.4).
//
// The standard library's hasher is another member of the family with a key of its own.

/// SipHash with two rounds an input word and four at the end (Aumasson and Bernstein, 2012).
package enum SipHash {
  /// 128 bits.
  package struct Key: Sendable {
    fileprivate let first: UInt64
    fileprivate let second: UInt64

    /// - Returns: nil unless there are 16 octets.
    package init?(octets: [UInt8]) {
      guard octets.count == 16 else { return nil }
      first = octets[..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
      second = octets[8...].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A key that nobody can guess.
    package static func random() -> Key {
      Key(first: .random(in: .min ... .max), second: .random(in: .min ... .max))
    }

    /// For a hash that keeps no secret and is the same everywhere.
    package static let zero = Key(first: 0, second: 0)

    private init(first: UInt64, second: UInt64) {
      self.first = first
      self.second = second
    }
  }

  private struct State {
    var v0: UInt64
    var v1: UInt64
    var v2: UInt64
    var v3: UInt64

    init(_ key: Key) {
      v0 = key.first ^ 0x736f_6d65_7073_6575
      v1 = key.second ^ 0x646f_7261_6e64_6f6d
      v2 = key.first ^ 0x6c79_6765_6e65_7261
      v3 = key.second ^ 0x7465_6462_7974_6573
    }

    mutating func round() {
      v0 &+= v1
      v1 = v1.rotatedLeft(13) ^ v0
      v0 = v0.rotatedLeft(32)
      v2 &+= v3
      v3 = v3.rotatedLeft(16) ^ v2
      v0 &+= v3
      v3 = v3.rotatedLeft(21) ^ v0
      v2 &+= v1
      v1 = v1.rotatedLeft(17) ^ v2
      v2 = v2.rotatedLeft(32)
    }

    mutating func take(_ word: UInt64) {
      v3 ^= word
      round()
      round()
      v0 ^= word
    }

    mutating func finish() -> UInt64 {
      v2 ^= 0xFF
      for _ in 0..<4 { round() }
      return v0 ^ v1 ^ v2 ^ v3
    }
  }

  package static func hash(_ octets: UnsafeRawBufferPointer, key: Key) -> UInt64 {
    var state = State(key)
    var position = 0
    while position + 8 <= octets.count {
      state.take(
        UInt64(littleEndian: octets.loadUnaligned(fromByteOffset: position, as: UInt64.self)))
      position += 8
    }
    var last = UInt64(octets.count & 0xFF) << 56
    for index in position..<octets.count {
      last |= UInt64(octets[index]) << (8 * UInt64(index - position))
    }
    state.take(last)
    return state.finish()
  }
}

extension UInt64 {
  fileprivate func rotatedLeft(_ count: UInt64) -> UInt64 {
    self << count | self >> (64 - count)
  }
}
