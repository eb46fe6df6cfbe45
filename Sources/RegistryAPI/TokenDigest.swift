// What is kept of a token: not the token, but its SHA-256.

import Crypto

/// A token as its holder has it: `rollcall_` and 32 random octets as 64 hexadecimal digits. The
/// beginning lets scanners find tokens where none should be.
package enum TokenText {
  static let prefix = "rollcall_"
  static let randomLength = 32
  static let length = prefix.utf8.count + 2 * randomLength

  package static func make(using generator: inout some RandomNumberGenerator) -> String {
    let octets = (0..<randomLength).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    return prefix + octets.map(hexadecimal).joined()
  }

  fileprivate static func hexadecimal(_ octet: UInt8) -> String {
    let digits = String(octet, radix: 16)
    return octet < 16 ? "0" + digits : digits
  }
}

/// The SHA-256 of a token's whole text, `rollcall_` included.
package struct TokenDigest: Equatable, Sendable {
  private let words: SIMD4<UInt64>

  /// - Returns: nil for what has not the form of a token.
  package init?(ofToken text: some StringProtocol) {
    guard text.utf8.count == TokenText.length, text.hasPrefix(TokenText.prefix) else { return nil }
    words = SHA256.hash(data: Array(text.utf8)).withUnsafeBytes {
      $0.loadUnaligned(as: SIMD4<UInt64>.self)
    }
  }

  /// - Returns: nil unless `text` is 64 hexadecimal digits.
  package init?(hexadecimal text: String) {
    let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
    guard digits.count == 64, text.utf8.count == 64 else { return nil }
    let octets = stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    words = octets.withUnsafeBytes { $0.loadUnaligned(as: SIMD4<UInt64>.self) }
  }

  package var hexadecimal: String {
    withUnsafeBytes(of: words) { $0.map(TokenText.hexadecimal).joined() }
  }

  /// 1 where both are the same, else 0, in a time that does not depend on where they differ.
  func equals(_ other: TokenDigest) -> Int {
    let bits = words ^ other.words
    let difference = bits.x | bits.y | bits.z | bits.w
    return Int(truncatingIfNeeded: 1 ^ ((difference | (0 &- difference)) >> 63))
  }
}
