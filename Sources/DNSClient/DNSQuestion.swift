// What a DNS server is asked.

package import DNSWire

package struct DNSQuestion: Hashable, Sendable, CustomStringConvertible {
  /// Octets of a reply over UDP that arrive whole on all usual paths.
  static let payloadSize: UInt16 = 1_232

  package let name: DomainName
  package let type: RecordType
  /// Whether signatures are wanted (RFC 3225).
  package let dnssecOK: Bool
  /// Whether the client checks signatures itself (RFC 4035 section 3.2.2).
  package let checkingDisabled: Bool

  package init(
    name: DomainName, type: RecordType, dnssecOK: Bool = false, checkingDisabled: Bool = false
  ) {
    self.name = name
    self.type = type
    self.dnssecOK = dnssecOK
    self.checkingDisabled = checkingDisabled
  }

  package var description: String { "\(name) \(type)" }

  /// A query of class IN with EDNS (RFC 6891). It asks for recursion, so that a resolver between
  /// may answer too.
  func message(id: UInt16) -> [UInt8] {
    var message: [UInt8] = []
    let flags =
      HeaderFlags.recursionDesired | (checkingDisabled ? HeaderFlags.checkingDisabled : 0)
    for number in [id, flags, 1, 0, 0, 1] {
      message.append(bigEndian: number)
    }
    message += name.wire
    for number in [type.rawValue, RecordClass.in.rawValue] { message.append(bigEndian: number) }
    message += DomainName.root.wire
    // Extended code and version are zero, and there are no options.
    let edns = dnssecOK ? EDNS.dnssecOKFlag : 0
    for number in [RecordType.opt.rawValue, Self.payloadSize, 0, edns, 0] {
      message.append(bigEndian: number)
    }
    return message
  }
}
