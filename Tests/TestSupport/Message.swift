// A reply as a test looks at it: header bits, question, sections of records, and what EDNS says.

package import DNSWire

/// A decoded message.
package struct Message: Sendable {
  package struct Question: Equatable, Sendable {
    package var name: DomainName
    package var type: RecordType
    package var recordClass: RecordClass
    /// Name, type and class as they stood in the message.
    package var octets: [UInt8]
  }

  package struct Option: Equatable, Sendable {
    package var code: UInt16
    package var data: [UInt8]

    package init(code: UInt16, data: [UInt8]) {
      self.code = code
      self.data = data
    }
  }

  package struct OptRecord: Equatable, Sendable {
    package var udpPayloadSize: UInt16
    package var version: UInt8
    package var dnssecOK: Bool
    /// The sixteen bits after the extended code and the version, DO included.
    package var flags: UInt16
    package var options: [Option]
  }

  package var id: UInt16
  package var flags: UInt16
  package var question: Question?
  package var answer: RecordSection
  package var authority: RecordSection
  /// Without the OPT record.
  package var additional: RecordSection
  package var opt: OptRecord?
  /// Offsets after each record of the answer section.
  package var answerEnds: [Int]
  /// Where the compression pointers lead.
  package var pointerTargets: [Int]
  package var octets: [UInt8]

  package var length: Int { octets.count }
  package var isResponse: Bool { flags & 0x8000 != 0 }
  package var opcode: UInt16 { flags >> 11 & 0xF }
  package var isAuthoritative: Bool { flags & 0x0400 != 0 }
  package var isTruncated: Bool { flags & 0x0200 != 0 }
  package var recursionDesired: Bool { flags & 0x0100 != 0 }
  package var recursionAvailable: Bool { flags & 0x0080 != 0 }
  /// Z, AD and CD.
  package var reservedBits: UInt16 { flags & 0x0070 }
  /// Header and OPT record together.
  package var code: ResponseCode
  /// The INFO-CODE of the first extended error (RFC 8914 section 2).
  package var extendedError: UInt16? {
    guard let data = opt?.options.first(where: { $0.code == 15 })?.data, data.count >= 2 else {
      return nil
    }
    return UInt16(data[0]) << 8 | UInt16(data[1])
  }
}
