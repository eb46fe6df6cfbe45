// The service zone's own records where no zone file has them.

import DNSWire

extension LoadedZones {
  /// SOA, NS and the name server's address. Secondaries are not meant, so the SOA's times are
  /// the usual ones.
  static func defaultRecords(_ settings: Settings) -> [ResourceRecord] {
    let apex = settings.zone
    let server = DomainName(uncheckedWire: [2] + Array("ns".utf8) + apex.wire)
    let contact = DomainName(uncheckedWire: [10] + Array("hostmaster".utf8) + apex.wire)
    let numbers: [UInt32] = [1, 3600, 600, 604_800, 1]
    let soa =
      server.wire + contact.wire
      + numbers.flatMap { number in
        stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
      }
    return [
      ResourceRecord(owner: apex, type: .soa, ttl: 60, rdata: soa),
      ResourceRecord(owner: apex, type: .ns, ttl: 60, rdata: server.wire),
      ResourceRecord(
        owner: server, type: settings.nsAddress.recordType, ttl: 60,
        rdata: settings.nsAddress.octets),
    ]
  }
}
