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

  /// - Returns: nil unless there are 4 or 16 octets.
  package init?(inNetworkOrder octets: UnsafeRawBufferPointer) {
    guard let start = octets.baseAddress, octets.count == 4 || octets.count == 16 else {
      return nil
    }
    self.init(from: start, isV4: octets.count == 4)
  }

  /// Four octets for IPv4, sixteen for IPv6.
  package var octets: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 16) { octets, count in
      guard let start = octets.baseAddress else { return }
      store(to: UnsafeMutableRawPointer(start))
      count = isV4 ? 4 : 16
    }
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
    var text = text
    guard let address = text.withUTF8({ IPAddress(text: $0) }) else { return nil }
    self = address
  }

  /// The same of the octets of a text.
  package init?(text: UnsafeBufferPointer<UInt8>) {
    if let number = Self.v4Number(text) {
      self.init(low: number)
    } else {
      self.init(v6: text)
    }
  }

  private init(isV4: Bool = true, high: UInt64 = 0, low: UInt64) {
    self.isV4 = isV4
    self.high = high
    self.low = low
  }

  /// The number that four decimal numbers with dots between them stand for. Most addresses are
  /// such, and a bulk call has 50,000 of them: the C library would need a copy of each.
  private static func v4Number(_ text: UnsafeBufferPointer<UInt8>) -> UInt64? {
    guard (7...15).contains(text.count) else { return nil }
    var address: UInt64 = 0
    var part: UInt64 = 0
    var digits = 0
    var parts = 1
    for octet in text {
      if octet == UInt8(ascii: ".") {
        guard digits > 0, parts < 4 else { return nil }
        address = address << 8 | part
        part = 0
        digits = 0
        parts += 1
      } else {
        let digit = octet &- UInt8(ascii: "0")
        guard digit < 10, digits == 0 || part > 0 else { return nil }
        part = part * 10 + UInt64(digit)
        digits += 1
        guard part < 256 else { return nil }
      }
    }
    guard parts == 4, digits > 0 else { return nil }
    return address << 8 | part
  }

  private init?(v6 text: UnsafeBufferPointer<UInt8>) {
    // The C library would stop reading at a zero, and reads up to one.
    guard text.count < Int(INET6_ADDRSTRLEN), !text.contains(0) else { return nil }
    var address = in6_addr()
    let isRead = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: text.count + 1) { copy in
      let end = copy.initialize(fromContentsOf: text)
      copy.initializeElement(at: end, to: 0)
      return copy.withMemoryRebound(to: CChar.self) {
        inet_pton(AF_INET6, $0.baseAddress, &address) == 1
      }
    }
    guard isRead else { return nil }
    let all = withUnsafeBytes(of: address) { Array($0) }
    let isMapped = all.starts(with: Self.mappedPrefix)
    self.init(octets: isMapped ? Array(all.suffix(4)) : all)
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

extension IPAddress {
  /// All bits; those of an IPv4 address are the lowest.
  package var words: (high: UInt64, low: UInt64) { (high, low) }

  /// 32 or 128.
  var bitCount: Int { isV4 ? 32 : 128 }

  /// The address with all but its first `length` bits cleared.
  func prefix(_ length: Int) -> IPAddress {
    // A number that is shifted by all its bits is 0.
    isV4
      ? IPAddress(low: low & (UInt64(UInt32.max) << UInt64(32 - length)))
      : IPAddress(
        isV4: false, high: high & (UInt64.max << UInt64(max(0, 64 - length))),
        low: low & (UInt64.max << UInt64(min(64, 128 - length))))
  }

  /// The IPv4 address where this is an IPv4-mapped one (RFC 4291 section 2.5.5.2), else itself.
  package var unmapped: IPAddress {
    guard !isV4, high == 0, low >> 32 == 0xFFFF else { return self }
    return IPAddress(low: low & UInt64(UInt32.max))
  }
}

extension IPAddress: CustomStringConvertible {
  /// The text form of RFC 5952 as the C library writes it.
  package var description: String { isV4 ? v4Text : v6Text }

  private var v4Text: String {
    // Short enough that the string takes no memory of its own.
    String(unsafeUninitializedCapacity: 15) { text in
      var count = 0
      func append(_ octet: UInt8) {
        text[count] = octet
        count += 1
      }
      for shift in stride(from: 24, through: 0, by: -8) {
        let part = UInt8(truncatingIfNeeded: low >> UInt64(shift))
        if part >= 100 { append(UInt8(ascii: "0") + part / 100) }
        if part >= 10 { append(UInt8(ascii: "0") + part / 10 % 10) }
        append(UInt8(ascii: "0") + part % 10)
        if shift > 0 { append(UInt8(ascii: ".")) }
      }
      return count
    }
  }

  private var v6Text: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
      let isWritten = octets.withUnsafeBytes {
        inet_ntop(AF_INET6, $0.baseAddress, text.baseAddress, socklen_t(text.count)) != nil
      }
      return isWritten ? String(cString: text.baseAddress!) : ""
    }
  }
}
