// What the records of a reply hold, by type.

extension Reply {
  /// The RDATA of a SRV record (RFC 2782).
  package struct ServiceLocation: Equatable, Sendable {
    package let priority: UInt16
    package let weight: UInt16
    package let port: UInt16
    /// The root where the service is decidedly not available.
    package let target: DomainName
  }

  /// Nil for other types, classes and forms.
  package func serviceLocation(_ record: Record) -> ServiceLocation? {
    let message = octets.span
    let start = record.rdata.lowerBound
    // Some servers compress the target against RFC 2782.
    guard record.type == .srv, record.recordClass == .in, record.rdata.count >= 7,
      let target = DomainName(message, at: start + 6)
    else { return nil }
    return ServiceLocation(
      priority: message.uint16(at: start), weight: message.uint16(at: start + 2),
      port: message.uint16(at: start + 4), target: target)
  }

  /// The address of an A or AAAA record; nil for other types, classes and forms.
  package func address(_ record: Record) -> IPAddress? {
    guard record.recordClass == .in, record.type == .a || record.type == .aaaa,
      let address = IPAddress(octets: Array(octets[record.rdata])),
      address.recordType == record.type
    else { return nil }
    return address
  }

  /// The name that a CNAME record leads to; nil for other types, classes and forms.
  package func alias(_ record: Record) -> DomainName? {
    guard record.type == .cname, record.recordClass == .in else { return nil }
    return DomainName(octets.span, at: record.rdata.lowerBound)
  }

  /// The record as a value, its names not compressed; nil for another class than IN, and for what
  /// its type can't be.
  package func resourceRecord(_ record: Record) -> ResourceRecord? {
    guard record.recordClass == .in, let rdata = uncompressedRDATA(record) else { return nil }
    return ResourceRecord(owner: record.owner, type: record.type, ttl: record.ttl, rdata: rdata)
  }

  private func uncompressedRDATA(_ record: Record) -> [UInt8]? {
    guard let names = NamesInRDATA(record.type) else { return Array(octets[record.rdata]) }
    let message = octets.span
    var position = record.rdata.lowerBound + names.prefixLength
    guard position <= record.rdata.upperBound else { return nil }
    var rdata = Array(octets[record.rdata.lowerBound..<position])
    for _ in 0..<names.count {
      guard position < record.rdata.upperBound, let name = DomainName(message, at: position)
      else { return nil }
      rdata += name.wire
      position = endOfName(at: position)
    }
    guard position <= record.rdata.upperBound else { return nil }
    return rdata + octets[position..<record.rdata.upperBound]
  }

  /// The offset after a name that can be read, where it stands.
  private func endOfName(at offset: Int) -> Int {
    var position = offset
    while octets[position] != 0 {
      if octets[position] >= 0xC0 { return position + 2 }
      position += 1 + Int(octets[position])
    }
    return position + 1
  }

  /// Seconds for which a negative answer may be kept: the lesser of the SOA's TTL and its minimum
  /// (RFC 2308 section 5); nil where it says nothing of it.
  package var negativeTTL: UInt32? {
    guard let soa = authority.first(where: { $0.type == .soa && $0.recordClass == .in }),
      soa.rdata.count >= SOA.numbersLength
    else { return nil }
    let minimum = octets[soa.rdata].suffix(4).reduce(0) { $0 << 8 | UInt32($1) }
    return min(soa.ttl, minimum)
  }
}
