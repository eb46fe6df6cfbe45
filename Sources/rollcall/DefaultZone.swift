// The service zone's own records where no zone file has them.

import DNSWire

extension LoadedZones {
  /// SOA, NS and the name server's address. Secondaries are not meant, so the SOA's times are
  /// the usual ones.
  /// - Throws: when it is not known at which address clients reach this server.
  static func defaultRecords(_ settings: Settings) throws(SettingError) -> [ResourceRecord] {
    guard let address = settings.nsAddress else {
      throw SettingError(
        "setting ns_address: needed when all listeners are wildcards and no zone file has the zone"
          + " \(settings.zone); name the address at which clients reach this server")
    }
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
        owner: server, type: address.recordType, ttl: 60, rdata: address.octets),
    ]
  }
}
