// The addresses of a network: those that begin with the same bits.

/// A prefix as in `10.0.0.0/8` or `2001:db8::/32` (RFC 4632 section 3.1, RFC 4291 section 2.3).
package struct AddressPrefix: Hashable, Sendable {
  /// The first of the addresses.
  package let address: IPAddress
  /// Bits that all of them share: 0 to 32 of an IPv4 address, 0 to 128 of an IPv6 address.
  package let length: Int

  /// Reads an address with a length, or an address alone, which is a prefix of all its bits. An
  /// IPv4-mapped prefix (`::ffff:10.0.0.0/104`) becomes the IPv4 prefix.
  /// - Returns: nil for anything else, bits after the prefix included: whoever writes
  ///   `10.1.0.0/8` may mean `10.1.0.0/16`.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = IPAddress(String(parts[0])) else { return nil }
    // What is written in the form of IPv6 counts its bits.
    let mappedBits = address.isV4 && parts[0].contains(":") ? Self.mappedLength : 0
    var length = address.bitCount
    if parts.count > 1 {
      guard let written = Self.number(parts[1]) else { return nil }
      length = written - mappedBits
    }
    guard (0...address.bitCount).contains(length), address.prefix(length) == address else {
      return nil
    }
    self.address = address
    self.length = length
  }

  /// The prefix of so many bits that `address` is in.
  package init(of address: IPAddress, length: Int) {
    self.length = min(length, address.bitCount)
    self.address = address.prefix(self.length)
  }

  /// What counts as one client where connections are limited: an IPv4 address, or the /64 of an
  /// IPv6 address, any of whose 2^64 addresses one host may take (RFC 7421 section 1).
  package init(ofClient address: IPAddress) {
    let address = address.unmapped
    self.init(of: address, length: address.isV4 ? 32 : 64)
  }

  /// Whether `address` is one of these. An IPv4-mapped address counts as the IPv4 address.
  package func contains(_ address: IPAddress) -> Bool {
    let address = address.unmapped
    return address.isV4 == self.address.isV4 && address.prefix(length) == self.address
  }

  /// Of `::ffff:0:0/96` (RFC 4291 section 2.5.5.2).
  private static let mappedLength = 96

  private static func number(_ digits: Substring) -> Int? {
    // Int's own parser also takes a sign.
    let isNumber = digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return isNumber && digits.utf8.count <= 3 ? Int(digits) : nil
  }
}

extension AddressPrefix: CustomStringConvertible {
  package var description: String { "\(address)/\(length)" }
}
