// RDATA text that libldns would misread without a word.

import CLDNS
import DNSWire

/// Looks at RDATA in presentation format before libldns does.
struct RDATAText {
  private let entry: MasterFileEntry
  private let range: Range<Int>

  /// - Parameter range: where the RDATA is in the text of `entry`.
  init(_ entry: MasterFileEntry, _ range: Range<Int>) {
    self.entry = entry
    self.range = range
  }

  /// Whether the RDATA is in the form for unknown types, `\# 4 0A000001` (RFC 3597 section 5).
  var isGeneric: Bool {
    var position = range.lowerBound
    guard let token = entry.nextToken(&position) else { return false }
    return entry.matches(token, "\\#")
  }

  /// The octets of RDATA in the form for unknown types. libldns takes any letter for a digit.
  func genericOctets() throws(ZoneFileError) -> [UInt8] {
    var position = range.lowerBound
    _ = entry.nextToken(&position)
    guard let token = entry.nextToken(&position), let length = UInt16(entry.string(token)) else {
      throw entry.error("\\# is not followed by a length up to 65535")
    }
    var digits: [UInt8] = []
    while let token = entry.nextToken(&position) {
      for octet in entry.text[token] {
        guard let digit = octet.hexadecimalDigit else {
          throw entry.error("\(entry.string(token)) is not hexadecimal")
        }
        digits.append(digit)
      }
    }
    guard digits.count == 2 * Int(length) else {
      throw entry.error("\\# \(length) is not followed by \(2 * Int(length)) hexadecimal digits")
    }
    return (0..<Int(length)).map { digits[2 * $0] << 4 | digits[2 * $0 + 1] }
  }

  /// Refuses what libldns would take for something else.
  ///
  /// For one, it cuts numbers to the width of their field: port 80800 would be 15264. And it takes
  /// a name that begins with the label `@` for the origin.
  func requireReadable(_ type: UInt16) throws(ZoneFileError) {
    let descriptor = ldns_rr_descript(type)
    // libldns ends the process when asked for a field that the type has not.
    let fieldCount = ldns_rr_descriptor_maximum(descriptor)
    var position = range.lowerBound
    var index = 0
    while let token = entry.nextToken(&position) {
      guard !entry.matches(token, "\\#") else { throw entry.error("\\# is not the first of RDATA") }
      guard index < fieldCount else { return }
      switch ldns_rr_descriptor_field_type(descriptor, index) {
      case LDNS_RDF_TYPE_DNAME: try requireName(token)
      case LDNS_RDF_TYPE_INT8, LDNS_RDF_TYPE_ALG: try requireNumber(token, UInt64(UInt8.max))
      case LDNS_RDF_TYPE_INT16, LDNS_RDF_TYPE_CERT_ALG:
        try requireNumber(token, UInt64(UInt16.max))
      case LDNS_RDF_TYPE_INT32, LDNS_RDF_TYPE_PERIOD:
        try requireNumber(token, UInt64(UInt32.max))
      case LDNS_RDF_TYPE_CERTIFICATE_USAGE, LDNS_RDF_TYPE_SELECTOR, LDNS_RDF_TYPE_MATCHING_TYPE:
        try requireNumber(token, UInt64(UInt8.max))
      case LDNS_RDF_TYPE_HEX: return try requireWholeOctets(from: token)
      case LDNS_RDF_TYPE_NSEC: return try requireKnownTypes(from: token)
      case LDNS_RDF_TYPE_IPSECKEY, LDNS_RDF_TYPE_AMTRELAY:
        return try requireAbsoluteGateway(type)
      default: break
      }
      index += 1
    }
  }

  /// Mnemonics and periods with units are libldns's business.
  private func requireNumber(_ token: Range<Int>, _ limit: UInt64) throws(ZoneFileError) {
    let first = entry.text[token.lowerBound]
    guard first != UInt8(ascii: "-"), first != UInt8(ascii: "+") else {
      throw entry.error("\(entry.string(token)) is not a number")
    }
    if let number = Period.seconds(entry.text[token]), number > limit {
      throw entry.error("\(entry.string(token)) is above \(limit)")
    }
  }

  private func requireName(_ token: Range<Int>) throws(ZoneFileError) {
    let text = entry.text[token]
    guard text.first != UInt8(ascii: "\"") else { throw entry.error("a domain name is quoted") }
    let isAtLabel =
      text.starts(with: "@.".utf8) || text.starts(with: "\\064.".utf8)
      || text.elementsEqual("\\064".utf8)
    guard !isAtLabel else {
      throw entry.error("a name in RDATA begins with the label @, which libldns cannot read")
    }
  }

  /// To an odd number of hexadecimal digits libldns adds one.
  private func requireWholeOctets(from token: Range<Int>) throws(ZoneFileError) {
    let digits = entry.text[token.lowerBound..<range.upperBound].filter { $0 != UInt8(ascii: " ") }
    guard digits.count.isMultiple(of: 2) else {
      throw entry.error("there is an odd number of hexadecimal digits")
    }
  }

  /// In the list of an NSEC or CSYNC record libldns takes a word that is no type for type 0.
  private func requireKnownTypes(from token: Range<Int>) throws(ZoneFileError) {
    var position = token.lowerBound
    while let token = entry.nextToken(&position) {
      guard entry.string(token).withCString({ ldns_get_rr_type_by_name($0).rawValue }) != 0 else {
        throw entry.error("the type \(entry.string(token)) is not known")
      }
    }
  }

  /// IPSECKEY and AMTRELAY have a name as their fourth token when the gateway type is 3.
  private func requireAbsoluteGateway(_ type: UInt16) throws(ZoneFileError) {
    var position = range.lowerBound
    var tokens: [Range<Int>] = []
    while tokens.count < 4, let token = entry.nextToken(&position) { tokens.append(token) }
    guard tokens.count == 4 else { return }
    let kind = tokens[type == LDNS_RR_TYPE_IPSECKEY.rawValue ? 1 : 2]
    guard entry.string(kind) == "3" else { return }
    guard entry.text[tokens[3]].last == UInt8(ascii: ".") else {
      throw entry.error("the gateway \(entry.string(tokens[3])) does not end with a dot")
    }
  }
}

extension UInt8 {
  fileprivate var hexadecimalDigit: UInt8? {
    if isDigit { return self - UInt8(ascii: "0") }
    let letter = self | 0x20
    return letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "f")
      ? letter - UInt8(ascii: "a") + 10 : nil
  }
}
