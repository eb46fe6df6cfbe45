// The numbers at the end of a SOA record's RDATA (RFC 1035 section 3.3.13).

/// SERIAL, REFRESH, RETRY, EXPIRE and MINIMUM; MNAME and RNAME stand before them.
package enum SOA {
  /// Octets of the five numbers.
  package static let numbersLength = 20

  /// The RDATA of a SOA record.
  package static func rdata(
    server: DomainName, contact: DomainName, serial: UInt32, refresh: UInt32, retry: UInt32,
    expire: UInt32, minimum: UInt32
  ) -> [UInt8] {
    var rdata = server.wire + contact.wire
    for number in [serial, refresh, retry, expire, minimum] { rdata.append(bigEndian: number) }
    return rdata
  }

  package static func serial(_ rdata: [UInt8]) -> UInt32 {
    rdata.suffix(numbersLength).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// `rdata` with another serial.
  package static func rdata(_ rdata: [UInt8], serial: UInt32) -> [UInt8] {
    var changed = Array(rdata.dropLast(numbersLength))
    changed.append(bigEndian: serial)
    return changed + rdata.suffix(numbersLength - 4)
  }

  /// Seconds that an absence may be kept (RFC 2308 section 4).
  package static func minimum(_ rdata: UnsafeRawBufferPointer) -> UInt32 {
    UInt32(bigEndian: rdata.loadUnaligned(fromByteOffset: rdata.count - 4, as: UInt32.self))
  }
}
