// The twelve octets before every message (RFC 1035 section 4.1.1).

/// The flags word: QR, Opcode, AA, TC, RD, RA, Z, AD, CD, RCODE.
@usableFromInline package struct HeaderFlags: RawRepresentable, Hashable, Sendable {
  @usableFromInline package var rawValue: UInt16
  @inlinable package init(rawValue: UInt16) { self.rawValue = rawValue }

  @inlinable package static var response: UInt16 { 0x8000 }
  @inlinable package static var authoritative: UInt16 { 0x0400 }
  @inlinable package static var truncated: UInt16 { 0x0200 }
  @inlinable package static var recursionDesired: UInt16 { 0x0100 }
  @inlinable package static var recursionAvailable: UInt16 { 0x0080 }
  @inlinable package static var checkingDisabled: UInt16 { 0x0010 }

  @inlinable package var isResponse: Bool { rawValue & Self.response != 0 }
  @inlinable package var opcode: Opcode { Opcode(rawValue: UInt8(rawValue >> 11 & 0xF)) }

  /// The flags of a reply to these: QR set, opcode and RD copied, all else clear. CD and AD are
  /// not echoed: some stub resolvers discard replies that carry them.
  @inlinable package var replying: HeaderFlags {
    HeaderFlags(rawValue: rawValue & (0x7800 | Self.recursionDesired) | Self.response)
  }
}

@usableFromInline package enum Header {
  /// Octets of the header.
  @inlinable package static var length: Int { 12 }

  /// Offsets of the 16-bit fields.
  @usableFromInline package enum Field {
    @inlinable package static var id: Int { 0 }
    @inlinable package static var flags: Int { 2 }
    @inlinable package static var questionCount: Int { 4 }
    @inlinable package static var answerCount: Int { 6 }
    @inlinable package static var authorityCount: Int { 8 }
    @inlinable package static var additionalCount: Int { 10 }
  }
}
