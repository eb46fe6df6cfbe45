// An IPv4 or IPv6 address.

import Glibc

/// An IP address in network order: the RDATA of an A or AAAA record.
package struct IPAddress: Hashable, Sendable {
  package let isV4: Bool
  // As numbers, so that an address takes no memory of its own. An IPv4 address is in `low`.
  private let high: UInt64
  private let low: UInt64

  /// - Returns: nil unless there are 4 or 16 octets.
  package init?(octets: [UInt8]) {
    guard octets.count == 4 || octets.count == 16 else { return nil }
    func number(_ octets: ArraySlice<UInt8>) -> UInt64 { octets.reduce(0) { $0 << 8 | UInt64($1) } }
    isV4 = octets.count == 4
    high = number(octets.dropLast(8))
    low = number(octets.suffix(8))
  }

  /// The address at `memory`: four octets for IPv4, sixteen for IPv6.
  package init(from memory: UnsafeRawPointer, isV4: Bool) {
    func number<Number: FixedWidthInteger>(at offset: Int, _: Number.Type) -> Number {
      Number(bigEndian: memory.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
    self.isV4 = isV4
    high = isV4 ? 0 : number(at: 0, UInt64.self)
    low = isV4 ? UInt64(number(at: 0, UInt32.self)) : number(at: 8, UInt64.self)
  }

  /// Four octets for IPv4, sixteen for IPv6.
  package var octets: [UInt8] {
    var octets: [UInt8] = []
    octets.reserveCapacity(16)
    appendOctets(to: &octets)
    return octets
  }

  package func appendOctets(to octets: inout [UInt8]) {
    guard !isV4 else {
      octets.append(bigEndian: UInt32(truncatingIfNeeded: low))
      return
    }
    octets.append(bigEndian: high)
    octets.append(bigEndian: low)
  }

  /// Stores ``octets`` in memory with room for them.
  package func store(to memory: UnsafeMutableRawPointer) {
    if isV4 {
      memory.storeBigEndian(UInt32(truncatingIfNeeded: low), at: 0)
    } else {
      memory.storeBigEndian(high, at: 0)
      memory.storeBigEndian(low, at: 8)
    }
  }

  /// Reads `192.0.2.1` or `2001:db8::1`; an IPv4-mapped IPv6 address becomes the IPv4 address.
  /// - Returns: nil for anything else, zone indices and leading zeros in IPv4 included.
  package init?(_ text: String) {
    // The C library would stop reading there.
    guard !text.utf8.contains(0) else { return nil }
    var v4 = in_addr()
    var v6 = in6_addr()
    if inet_pton(AF_INET, text, &v4) == 1 {
      self.init(octets: withUnsafeBytes(of: v4) { Array($0) })
    } else if inet_pton(AF_INET6, text, &v6) == 1 {
      let all = withUnsafeBytes(of: v6) { Array($0) }
      let isMapped = all.starts(with: Self.mappedPrefix)
      self.init(octets: isMapped ? Array(all.suffix(4)) : all)
    } else {
      return nil
    }
  }

  /// `::ffff:0:0/96` (RFC 4291 section 2.5.5.2).
  private static let mappedPrefix: [UInt8] = Array(repeating: 0, count: 10) + [0xFF, 0xFF]

  /// The type of record that holds this address.
  package var recordType: RecordType { isV4 ? .a : .aaaa }

  /// `0.0.0.0` or `::`.
  package var isUnspecified: Bool { high == 0 && low == 0 }

  /// 127.0.0.0/8 or `::1`.
  package var isLoopback: Bool { isV4 ? low >> 24 == 127 : high == 0 && low == 1 }

  /// 224.0.0.0/4 or ff00::/8, and the limited broadcast address.
  package var isMulticastOrBroadcast: Bool {
    isV4 ? low >> 28 == 0xE || low == 0xFFFF_FFFF : high >> 56 == 0xFF
  }

  /// 169.254.0.0/16 or fe80::/10.
  package var isLinkLocal: Bool {
    isV4 ? low >> 16 == 0xA9FE : high >> 54 == 0xFE80 >> 6
  }
}

extension IPAddress: CustomStringConvertible {
  /// The text form of RFC 5952 as the C library writes it.
  package var description: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
      let family = isV4 ? AF_INET : AF_INET6
      let isWritten = octets.withUnsafeBytes {
        inet_ntop(family, $0.baseAddress, text.baseAddress, socklen_t(text.count)) != nil
      }
      return isWritten ? String(cString: text.baseAddress!) : ""
    }
  }
}
