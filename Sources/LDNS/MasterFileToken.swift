// What a token of an entry says: a domain name, a TTL, a file name.

import DNSWire

extension MasterFileEntry {
  /// The TTL at `range`.
  func ttl(_ range: Range<Int>) throws(ZoneFileError) -> UInt32 {
    guard let seconds = Period.seconds(text[range]) else {
      throw error("\(string(range)) is not a TTL")
    }
    guard seconds <= ZoneFile.ttlLimit else {
      throw error("the TTL \(string(range)) is above \(ZoneFile.ttlLimit) seconds")
    }
    return UInt32(seconds)
  }

  /// The domain name at `range`, absolute.
  func domainName(
    _ range: Range<Int>, relativeTo origin: DomainName
  ) throws(ZoneFileError) -> DomainName {
    if matches(range, "@") { return origin }
    guard text[range.lowerBound] != UInt8(ascii: "\"") else {
      throw error("a domain name is quoted")
    }
    do {
      let name = try LDNSName(text: Array(text[range]) + [0])
      var wire = Array(name.wire)
      if text[range.upperBound - 1] != UInt8(ascii: ".") {
        wire.removeLast()
        wire += origin.wire
      }
      return try DomainName(wire: wire)
    } catch let failure as LDNSFailure {
      throw error("\(string(range)): \(failure.reason)")
    } catch {
      throw self.error("\(string(range)): \(error)")
    }
  }

  /// The file name at `range`, without quotes and escapes.
  func fileName(_ range: Range<Int>) -> String {
    var octets: [UInt8] = []
    var rest = text[range].filter { $0 != UInt8(ascii: "\"") }[...]
    while let octet = rest.popFirst() {
      guard octet == UInt8(ascii: "\\"), rest.first?.isDigit == true else {
        if octet != UInt8(ascii: "\\") { octets.append(octet) }
        continue
      }
      let value = rest.prefix(3).reduce(0) { $0 &* 10 &+ ($1 - UInt8(ascii: "0")) }
      rest = rest.dropFirst(3)
      octets.append(value)
    }
    return String(decoding: octets, as: UTF8.self)
  }
}
