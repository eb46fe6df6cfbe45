// Reply messages as another server would send them, right or broken on purpose.

package import DNSWire

/// Builds the octets of a reply.
package struct ReplyMessage: Sendable {
  package struct Record: Sendable {
    /// In wire form, perhaps with a pointer.
    package var owner: [UInt8]
    package var type: RecordType
    package var ttl: UInt32
    package var rdata: [UInt8]

    package init(owner: [UInt8], _ type: RecordType, ttl: UInt32, _ rdata: [UInt8]) {
      self.owner = owner
      self.type = type
      self.ttl = ttl
      self.rdata = rdata
    }

    fileprivate var octets: [UInt8] {
      var octets = owner
      octets.append(bigEndian: type.rawValue)
      octets.append(bigEndian: RecordClass.in.rawValue)
      octets.append(bigEndian: ttl)
      octets.append(bigEndian: UInt16(rdata.count))
      return octets + rdata
    }
  }

  package var id: UInt16
  package var flags = HeaderFlags.response
  /// Name, type and class.
  package var question: [UInt8]
  package var questionCount: UInt16 = 1
  package var answer: [Record] = []
  package var authority: [Record] = []
  package var additional: [Record] = []

  package init(_ name: String, _ type: RecordType, id: UInt16 = 0x1234) {
    self.id = id
    question = QueryMessage(name, type).question
  }

  /// A reply to `query`, a message with one question.
  package init(to query: [UInt8]) {
    id = query.span.uint16(at: Header.Field.id)
    let nameEnd = query.withUnsafeBytes { $0.endOfName(from: Header.length) }
    question = Array(query[Header.length..<nameEnd + 4])
  }

  package var octets: [UInt8] {
    var octets: [UInt8] = []
    let counts = [answer.count, authority.count, additional.count].map { UInt16($0) }
    for number in [id, flags, questionCount] + counts { octets.append(bigEndian: number) }
    return octets + question + (answer + authority + additional).flatMap(\.octets)
  }

  /// A compression pointer.
  package static func pointer(to offset: Int) -> [UInt8] {
    [0xC0 | UInt8(offset >> 8), UInt8(offset & 0xFF)]
  }
}

extension ReplyMessage.Record {
  package static func srv(
    _ owner: String, ttl: UInt32, priority: UInt16 = 0, weight: UInt16 = 1, port: UInt16,
    _ target: String
  ) -> Self {
    var rdata: [UInt8] = []
    for number in [priority, weight, port] { rdata.append(bigEndian: number) }
    return Self(owner: wire(owner), .srv, ttl: ttl, rdata + wire(target))
  }

  /// An A or AAAA record.
  package static func address(_ owner: String, ttl: UInt32, _ address: String) -> Self {
    guard let address = IPAddress(address) else { preconditionFailure("no address: \(address)") }
    return Self(owner: wire(owner), address.recordType, ttl: ttl, address.octets)
  }

  package static func cname(_ owner: String, ttl: UInt32, _ target: String) -> Self {
    Self(owner: wire(owner), .cname, ttl: ttl, wire(target))
  }

  package static func soa(_ owner: String, ttl: UInt32, minimum: UInt32) -> Self {
    let root = DomainName.root
    return Self(
      owner: wire(owner), .soa, ttl: ttl,
      SOA.rdata(
        server: root, contact: root, serial: 1, refresh: 1, retry: 1, expire: 1, minimum: minimum))
  }

  private static func wire(_ name: String) -> [UInt8] {
    guard let name = try? DomainName(name) else { preconditionFailure("no name: \(name)") }
    return name.wire
  }
}
