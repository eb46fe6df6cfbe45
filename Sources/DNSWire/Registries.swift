// The numbers that IANA assigns for DNS, as open sets: an unknown number is a value like any other.
// Inlinable, since every query compares them in other modules.

/// A record type (RFC 1035 section 3.2.2 and the IANA registry "Resource Record TYPEs").
@usableFromInline package struct RecordType: RawRepresentable, Hashable, Sendable {
  @usableFromInline package let rawValue: UInt16
  @inlinable package init(rawValue: UInt16) { self.rawValue = rawValue }
  @inlinable package static func == (left: RecordType, right: RecordType) -> Bool {
    left.rawValue == right.rawValue
  }

  @inlinable package static var a: RecordType { RecordType(rawValue: 1) }
  @inlinable package static var ns: RecordType { RecordType(rawValue: 2) }
  @inlinable package static var md: RecordType { RecordType(rawValue: 3) }
  @inlinable package static var mf: RecordType { RecordType(rawValue: 4) }
  @inlinable package static var cname: RecordType { RecordType(rawValue: 5) }
  @inlinable package static var soa: RecordType { RecordType(rawValue: 6) }
  @inlinable package static var mb: RecordType { RecordType(rawValue: 7) }
  @inlinable package static var mg: RecordType { RecordType(rawValue: 8) }
  @inlinable package static var mr: RecordType { RecordType(rawValue: 9) }
  @inlinable package static var ptr: RecordType { RecordType(rawValue: 12) }
  @inlinable package static var minfo: RecordType { RecordType(rawValue: 14) }
  @inlinable package static var mx: RecordType { RecordType(rawValue: 15) }
  @inlinable package static var txt: RecordType { RecordType(rawValue: 16) }
  @inlinable package static var aaaa: RecordType { RecordType(rawValue: 28) }
  @inlinable package static var srv: RecordType { RecordType(rawValue: 33) }
  @inlinable package static var dname: RecordType { RecordType(rawValue: 39) }
  @inlinable package static var opt: RecordType { RecordType(rawValue: 41) }
  @inlinable package static var ds: RecordType { RecordType(rawValue: 43) }
  @inlinable package static var rrsig: RecordType { RecordType(rawValue: 46) }
  @inlinable package static var nsec: RecordType { RecordType(rawValue: 47) }
  @inlinable package static var svcb: RecordType { RecordType(rawValue: 64) }
  @inlinable package static var https: RecordType { RecordType(rawValue: 65) }
  @inlinable package static var tsig: RecordType { RecordType(rawValue: 250) }
  @inlinable package static var ixfr: RecordType { RecordType(rawValue: 251) }
  @inlinable package static var axfr: RecordType { RecordType(rawValue: 252) }
  @inlinable package static var mailb: RecordType { RecordType(rawValue: 253) }
  @inlinable package static var maila: RecordType { RecordType(rawValue: 254) }
  @inlinable package static var any: RecordType { RecordType(rawValue: 255) }

  @inlinable package var isAddress: Bool { self == .a || self == .aaaa }
}

extension RecordType: CustomStringConvertible {
  private static let mnemonics: [UInt16: String] = [
    1: "A", 2: "NS", 3: "MD", 4: "MF", 5: "CNAME", 6: "SOA", 7: "MB", 8: "MG", 9: "MR", 12: "PTR",
    14: "MINFO", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 39: "DNAME", 41: "OPT", 43: "DS",
    46: "RRSIG", 47: "NSEC", 64: "SVCB", 65: "HTTPS", 250: "TSIG", 251: "IXFR", 252: "AXFR",
    253: "MAILB",
    254: "MAILA", 255: "ANY",
  ]

  /// The mnemonic, or `TYPE` and the number (RFC 3597 section 5).
  @usableFromInline package var description: String {
    Self.mnemonics[rawValue] ?? "TYPE\(rawValue)"
  }
}

/// A class (RFC 1035 section 3.2.4).
@usableFromInline package struct RecordClass: RawRepresentable, Hashable, Sendable {
  @usableFromInline package let rawValue: UInt16
  @inlinable package init(rawValue: UInt16) { self.rawValue = rawValue }
  @inlinable package static func == (left: RecordClass, right: RecordClass) -> Bool {
    left.rawValue == right.rawValue
  }

  @inlinable package static var `in`: RecordClass { RecordClass(rawValue: 1) }
  @inlinable package static var chaos: RecordClass { RecordClass(rawValue: 3) }
  @inlinable package static var any: RecordClass { RecordClass(rawValue: 255) }
}

/// An opcode, four bits of the header (RFC 1035 section 4.1.1).
@usableFromInline package struct Opcode: RawRepresentable, Hashable, Sendable {
  @usableFromInline package let rawValue: UInt8
  @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }
  @inlinable package static func == (left: Opcode, right: Opcode) -> Bool {
    left.rawValue == right.rawValue
  }

  @inlinable package static var query: Opcode { Opcode(rawValue: 0) }
}

/// A response code: four bits in the header, eight more in the OPT record (RFC 6891 section 6.1.3).
@usableFromInline package struct ResponseCode: RawRepresentable, Hashable, Sendable {
  @usableFromInline package let rawValue: UInt16
  @inlinable package init(rawValue: UInt16) { self.rawValue = rawValue }
  @inlinable package static func == (left: ResponseCode, right: ResponseCode) -> Bool {
    left.rawValue == right.rawValue
  }

  @inlinable package static var noError: ResponseCode { ResponseCode(rawValue: 0) }
  @inlinable package static var formatError: ResponseCode { ResponseCode(rawValue: 1) }
  @inlinable package static var serverFailure: ResponseCode { ResponseCode(rawValue: 2) }
  @inlinable package static var nameError: ResponseCode { ResponseCode(rawValue: 3) }
  @inlinable package static var notImplemented: ResponseCode { ResponseCode(rawValue: 4) }
  @inlinable package static var refused: ResponseCode { ResponseCode(rawValue: 5) }
  @inlinable package static var yxDomain: ResponseCode { ResponseCode(rawValue: 6) }
  @inlinable package static var notAuth: ResponseCode { ResponseCode(rawValue: 9) }
  @inlinable package static var badVersion: ResponseCode { ResponseCode(rawValue: 16) }
  @inlinable package static var badCookie: ResponseCode { ResponseCode(rawValue: 23) }
}

extension ResponseCode: CustomStringConvertible {
  private static let mnemonics: [UInt16: String] = [
    0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED",
    6: "YXDOMAIN", 9: "NOTAUTH", 16: "BADVERS", 23: "BADCOOKIE",
  ]

  /// The mnemonic of the IANA registry "DNS RCODEs"; nil for a code that no reply of ours has.
  package var mnemonic: String? { Self.mnemonics[rawValue] }

  /// The mnemonic, or `RCODE` and the number.
  @usableFromInline package var description: String { mnemonic ?? "RCODE\(rawValue)" }
}

/// An EDNS option code (RFC 6891 section 6.1.2).
@usableFromInline package struct OptionCode: RawRepresentable, Hashable, Sendable {
  @usableFromInline package let rawValue: UInt16
  @inlinable package init(rawValue: UInt16) { self.rawValue = rawValue }
  @inlinable package static func == (left: OptionCode, right: OptionCode) -> Bool {
    left.rawValue == right.rawValue
  }

  @inlinable package static var nsid: OptionCode { OptionCode(rawValue: 3) }
  @inlinable package static var cookie: OptionCode { OptionCode(rawValue: 10) }
  @inlinable package static var keepalive: OptionCode { OptionCode(rawValue: 11) }
  @inlinable package static var extendedError: OptionCode { OptionCode(rawValue: 15) }
}

/// An extended error's INFO-CODE (RFC 8914 section 4).
@usableFromInline package struct ExtendedErrorCode: RawRepresentable, Hashable, Sendable {
  @usableFromInline package let rawValue: UInt16
  @inlinable package init(rawValue: UInt16) { self.rawValue = rawValue }
  @inlinable package static func == (left: ExtendedErrorCode, right: ExtendedErrorCode) -> Bool {
    left.rawValue == right.rawValue
  }

  @inlinable package static var staleAnswer: ExtendedErrorCode { ExtendedErrorCode(rawValue: 3) }
  @inlinable package static var notReady: ExtendedErrorCode { ExtendedErrorCode(rawValue: 14) }
  @inlinable package static var prohibited: ExtendedErrorCode { ExtendedErrorCode(rawValue: 18) }
  @inlinable package static var notAuthoritative: ExtendedErrorCode {
    ExtendedErrorCode(rawValue: 20)
  }
  @inlinable package static var notSupported: ExtendedErrorCode { ExtendedErrorCode(rawValue: 21) }
  @inlinable package static var staleNameErrorAnswer: ExtendedErrorCode {
    ExtendedErrorCode(rawValue: 19)
  }
  @inlinable package static var noReachableAuthority: ExtendedErrorCode {
    ExtendedErrorCode(rawValue: 22)
  }
}
