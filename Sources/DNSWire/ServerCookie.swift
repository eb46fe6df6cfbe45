// DNS cookies as servers of all makes agree on them (RFC 7873, RFC 9018).

import Glibc

/// Makes and checks server cookies: version, three reserved octets, a time, and a keyed hash over
/// these, the client's cookie and the client's address (RFC 9018 section 4).
package struct ServerCookie: Sendable {
  /// Octets of a client's cookie (RFC 7873 section 4).
  package static let clientLength = 8
  /// Octets of a server cookie that is made here (RFC 9018 section 4).
  package static let length = 16
  /// The COOKIE option's data as a whole: the client's cookie alone, or a server's of 8 to 32
  /// octets behind it (RFC 7873 section 5.2.2).
  static func isPossibleOptionLength(_ length: Int) -> Bool {
    length == clientLength || (16...40).contains(length)
  }

  private static let version: UInt8 = 1
  /// Seconds for which a cookie is good, and for which its time may lie in the future
  /// (RFC 9018 section 4.3).
  private static let lifetime: Int32 = 3_600
  private static let futureLimit: Int32 = 300

  /// Makes new cookies.
  private let secret: SipHash.Key
  /// Cookies made with it are good too, while secrets are exchanged (RFC 9018 section 5).
  private let otherSecret: SipHash.Key?

  package init(secret: SipHash.Key, otherSecret: SipHash.Key? = nil) {
    self.secret = secret
    self.otherSecret = otherSecret
  }

  /// Writes the cookie for a client.
  ///
  /// - Parameters:
  ///   - target: room for ``length`` octets.
  ///   - clientCookie: ``clientLength`` octets.
  ///   - address: the client's, 4 or 16 octets in network order.
  ///   - time: seconds since 1970, modulo 2^32.
  package func write(
    to target: UnsafeMutableRawPointer, clientCookie: UnsafeRawPointer,
    address: UnsafeRawBufferPointer, at time: UInt32
  ) {
    target.storeBigEndian(UInt32(Self.version) << 24, at: 0)
    target.storeBigEndian(time, at: 4)
    let hash = Self.hash(clientCookie, UnsafeRawPointer(target), address, secret)
    target.storeBytes(of: hash.littleEndian, toByteOffset: 8, as: UInt64.self)
  }

  /// Whether the option's data hold a server cookie that was made for this client, here or by a
  /// server with the same secret, and not too long ago.
  package func accepts(
    _ option: UnsafeRawBufferPointer, address: UnsafeRawBufferPointer, at time: UInt32
  ) -> Bool {
    guard option.count == Self.clientLength + Self.length, let clientCookie = option.baseAddress,
      option[Self.clientLength] == Self.version
    else { return false }
    let cookie = clientCookie + Self.clientLength
    let made = UInt32(bigEndian: cookie.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    // Serial number arithmetic (RFC 1982), so that 2106 is no special year.
    let age = Int32(bitPattern: time &- made)
    guard age <= Self.lifetime, age >= -Self.futureLimit else { return false }
    let claimed = UInt64(littleEndian: cookie.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    // Comparing a whole word takes the same time wherever the difference is.
    if Self.hash(clientCookie, cookie, address, secret) == claimed { return true }
    guard let otherSecret else { return false }
    return Self.hash(clientCookie, cookie, address, otherSecret) == claimed
  }

  /// The hash over client cookie, the first half of the server cookie, and the client's address.
  private static func hash(
    _ clientCookie: UnsafeRawPointer, _ cookie: UnsafeRawPointer,
    _ address: UnsafeRawBufferPointer, _ key: SipHash.Key
  ) -> UInt64 {
    withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { input in
      let input = input.baseAddress!
      input.copyMemory(from: clientCookie, byteCount: clientLength)
      (input + 8).copyMemory(from: cookie, byteCount: 8)
      let addressLength = min(address.count, 16)
      if let octets = address.baseAddress {
        (input + 16).copyMemory(from: octets, byteCount: addressLength)
      }
      return SipHash.hash(
        UnsafeRawBufferPointer(start: input, count: 16 + addressLength), key: key)
    }
  }
}
