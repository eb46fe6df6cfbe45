// The service zone's own records where no zone file has them.

import DNSWire

extension LoadedZones {
  /// SOA, NS and the name server's address. Secondaries are not meant, so the SOA's times are
  /// the usual ones.
  static func defaultRecords(_ settings: Settings) -> [ResourceRecord] {
    let apex = settings.zone
    let server = DomainName(uncheckedWire: [2] + Array("ns".utf8) + apex.wire)
    let contact = DomainName(uncheckedWire: [10] + Array("hostmaster".utf8) + apex.wire)
    let soa = SOA.rdata(
      server: server, contact: contact, serial: 1, refresh: 3_600, retry: 600, expire: 604_800,
      minimum: 1)
    return [
      ResourceRecord(owner: apex, type: .soa, ttl: 60, rdata: soa),
      ResourceRecord(owner: apex, type: .ns, ttl: 60, rdata: server.wire),
      ResourceRecord(
        owner: server, type: settings.nsAddress.recordType, ttl: 60,
        rdata: settings.nsAddress.octets),
    ]
  }
}
