// Records in presentation format, for comparison and for the messages of failed tests.

package import DNSWire

extension ResourceRecord {
  /// The record as a line; names in lower case.
  package func line(_ recordClass: RecordClass) -> String {
    let classText = recordClass == .in ? "IN" : recordClass == .chaos ? "CH" : "\(recordClass)"
    return "\(owner.lowercased) \(ttl) \(classText) \(type) \(rdataText)"
  }

  package var rdataText: String {
    switch type.rawValue {
    case 1, 28: IPAddress(octets: rdata)?.description ?? unknownText
    case 2, 5, 12, 39: names(from: 0).joined(separator: " ")
    case 6: (names(from: 0) + numbers(in: rdata.suffix(20), octets: 4)).joined(separator: " ")
    case 15: (numbers(in: rdata.prefix(2), octets: 2) + names(from: 2)).joined(separator: " ")
    case 16: characterStrings
    case 33: (numbers(in: rdata.prefix(6), octets: 2) + names(from: 6)).joined(separator: " ")
    default: unknownText
    }
  }

  /// RFC 3597 section 5.
  private var unknownText: String {
    let digits = rdata.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return "\\# \(rdata.count) \(digits)"
  }

  private func names(from start: Int) -> [String] {
    var names: [String] = []
    var position = start
    while position < rdata.count, names.count < (type == .soa ? 2 : 1) {
      var end = position
      while rdata[end] != 0 { end += 1 + Int(rdata[end]) }
      names.append(DomainName(uncheckedWire: Array(rdata[position...end])).lowercased.description)
      position = end + 1
    }
    return names
  }

  private func numbers(in octets: ArraySlice<UInt8>, octets width: Int) -> [String] {
    let octets = Array(octets)
    return stride(from: 0, to: octets.count, by: width).map { start in
      String(octets[start..<start + width].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }
  }

  private var characterStrings: String {
    var strings: [String] = []
    var position = 0
    while position < rdata.count {
      let end = position + 1 + Int(rdata[position])
      strings.append("\"" + String(decoding: rdata[position + 1..<end], as: UTF8.self) + "\"")
      position = end
    }
    return strings.joined(separator: " ")
  }
}
