// The numbers that IANA assigns for DNS, as open sets: an unknown number is a value like any other.

/// A record type (RFC 1035 section 3.2.2 and the IANA registry "Resource Record TYPEs").
package struct RecordType: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  package static let a = RecordType(rawValue: 1)
  package static let ns = RecordType(rawValue: 2)
  package static let md = RecordType(rawValue: 3)
  package static let mf = RecordType(rawValue: 4)
  package static let cname = RecordType(rawValue: 5)
  package static let soa = RecordType(rawValue: 6)
  package static let mb = RecordType(rawValue: 7)
  package static let mg = RecordType(rawValue: 8)
  package static let mr = RecordType(rawValue: 9)
  package static let ptr = RecordType(rawValue: 12)
  package static let minfo = RecordType(rawValue: 14)
  package static let mx = RecordType(rawValue: 15)
  package static let txt = RecordType(rawValue: 16)
  package static let aaaa = RecordType(rawValue: 28)
  package static let srv = RecordType(rawValue: 33)
  package static let dname = RecordType(rawValue: 39)
  package static let opt = RecordType(rawValue: 41)
  package static let ds = RecordType(rawValue: 43)
  package static let rrsig = RecordType(rawValue: 46)
  package static let nsec = RecordType(rawValue: 47)
  package static let svcb = RecordType(rawValue: 64)
  package static let https = RecordType(rawValue: 65)
  package static let tsig = RecordType(rawValue: 250)
  package static let ixfr = RecordType(rawValue: 251)
  package static let axfr = RecordType(rawValue: 252)
  package static let mailb = RecordType(rawValue: 253)
  package static let maila = RecordType(rawValue: 254)
  package static let any = RecordType(rawValue: 255)
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
  package var description: String { Self.mnemonics[rawValue] ?? "TYPE\(rawValue)" }
}

/// A class (RFC 1035 section 3.2.4).
package struct RecordClass: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  package static let `in` = RecordClass(rawValue: 1)
  package static let chaos = RecordClass(rawValue: 3)
  package static let any = RecordClass(rawValue: 255)
}

/// An opcode, four bits of the header (RFC 1035 section 4.1.1).
package struct Opcode: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let query = Opcode(rawValue: 0)
}

/// A response code: four bits in the header, eight more in the OPT record (RFC 6891 section 6.1.3).
package struct ResponseCode: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  package static let noError = ResponseCode(rawValue: 0)
  package static let formatError = ResponseCode(rawValue: 1)
  package static let serverFailure = ResponseCode(rawValue: 2)
  package static let nameError = ResponseCode(rawValue: 3)
  package static let notImplemented = ResponseCode(rawValue: 4)
  package static let refused = ResponseCode(rawValue: 5)
  package static let yxDomain = ResponseCode(rawValue: 6)
  package static let notAuth = ResponseCode(rawValue: 9)
  package static let badVersion = ResponseCode(rawValue: 16)
  package static let badCookie = ResponseCode(rawValue: 23)
}

/// An EDNS option code (RFC 6891 section 6.1.2).
package struct OptionCode: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  package static let nsid = OptionCode(rawValue: 3)
  package static let cookie = OptionCode(rawValue: 10)
  package static let keepalive = OptionCode(rawValue: 11)
  package static let extendedError = OptionCode(rawValue: 15)
}

/// An extended error's INFO-CODE (RFC 8914 section 4).
package struct ExtendedErrorCode: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  package static let notReady = ExtendedErrorCode(rawValue: 14)
  package static let notAuthoritative = ExtendedErrorCode(rawValue: 20)
  package static let notSupported = ExtendedErrorCode(rawValue: 21)
}
