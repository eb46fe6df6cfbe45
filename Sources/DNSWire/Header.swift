// The twelve octets before every message (RFC 1035 section 4.1.1).

/// The flags word: QR, Opcode, AA, TC, RD, RA, Z, AD, CD, RCODE.
package struct HeaderFlags: RawRepresentable, Hashable, Sendable {
  package var rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  package static let response: UInt16 = 0x8000
  package static let authoritative: UInt16 = 0x0400
  package static let truncated: UInt16 = 0x0200
  package static let recursionDesired: UInt16 = 0x0100

  package var isResponse: Bool { rawValue & Self.response != 0 }
  package var opcode: Opcode { Opcode(rawValue: UInt8(rawValue >> 11 & 0xF)) }

  /// The flags of a reply to these: QR set, opcode and RD copied, all else clear. CD and AD are
  /// not echoed: some stub resolvers discard replies that carry them.
  package var replying: HeaderFlags {
    HeaderFlags(rawValue: rawValue & (0x7800 | Self.recursionDesired) | Self.response)
  }
}

package enum Header {
  /// Octets of the header.
  package static let length = 12

  /// Offsets of the 16-bit fields.
  package enum Field {
    package static let id = 0
    package static let flags = 2
    package static let questionCount = 4
    package static let answerCount = 6
    package static let authorityCount = 8
    package static let additionalCount = 10
  }
}
