// A resource record in libldns's hands.

import CLDNS
import DNSWire
import Glibc

/// Owns an `ldns_rr`.
struct LDNSRecord: ~Copyable {
  private let pointer: UnsafeMutablePointer<ldns_rr>

  /// The record that a NUL-terminated line gives.
  ///
  /// - Parameter line: owner, TTL, class, type and RDATA; libldns believes all it reads, so what
  ///   it misreads must have been refused before.
  init(line: borrowing [UInt8], origin: borrowing LDNSName) throws(LDNSFailure) {
    var record: UnsafeMutablePointer<ldns_rr>?
    let status = line.withUnsafeBytes { octets in
      let text = octets.assumingMemoryBound(to: CChar.self).baseAddress
      return ldns_rr_new_frm_str(&record, text, 0, origin.pointer, nil)
    }
    guard status == LDNS_STATUS_OK, let record else { throw LDNSFailure(status) }
    pointer = record
  }

  /// Nil for RDATA that is not as its type wants it.
  init?(_ record: ResourceRecord) {
    var wire = record.owner.wire
    wire.append(bigEndian: record.type.rawValue)
    wire.append(bigEndian: RecordClass.in.rawValue)
    wire.append(bigEndian: record.ttl)
    wire.append(bigEndian: UInt16(record.rdata.count))
    wire += record.rdata
    var read: UnsafeMutablePointer<ldns_rr>?
    var length = 0
    let status = wire.withUnsafeBufferPointer { octets in
      ldns_wire2rr(&read, octets.baseAddress, octets.count, &length, LDNS_SECTION_ANSWER)
    }
    guard status == LDNS_STATUS_OK, let read else { return nil }
    guard length == wire.count else {
      ldns_rr_free(read)
      return nil
    }
    pointer = read
  }

  deinit { ldns_rr_free(pointer) }

  /// As libldns has it: 0 for a mnemonic it does not know, above 65,535 for `TYPE65536`.
  var type: UInt32 { ldns_rr_get_type(pointer).rawValue }

  /// Whether the RDATA has all the fields of its type. Of RDATA in hexadecimal libldns takes what
  /// there is.
  var isComplete: Bool {
    let descriptor = ldns_rr_descript(UInt16(truncatingIfNeeded: type))
    return ldns_rr_rd_count(pointer) >= ldns_rr_descriptor_minimum(descriptor)
  }

  /// Type and RDATA in presentation format; nil for RDATA that libldns has no such form for.
  var text: String? {
    let count = ldns_rr_rd_count(pointer)
    guard count > 0, let type = Self.taken(ldns_rr_type2str(ldns_rr_get_type(pointer))) else {
      return nil
    }
    var fields: [String] = []
    for index in 0..<count {
      guard let field = ldns_rr_rdf(pointer, index) else { return nil }
      if ldns_rdf_get_type(field) == LDNS_RDF_TYPE_DNAME {
        // libldns leaves characters in names that mean something in a master file.
        let wire = UnsafeRawBufferPointer(start: ldns_rdf_data(field), count: ldns_rdf_size(field))
        fields.append(DomainName(uncheckedWire: Array(wire)).description)
      } else if let text = Self.taken(ldns_rdf2str(field)), !text.isEmpty {
        fields.append(text)
      } else {
        return nil
      }
    }
    return "\(type)\t\(fields.joined(separator: " "))"
  }

  /// A text that libldns has made for us.
  private static func taken(_ text: UnsafeMutablePointer<CChar>?) -> String? {
    guard let text else { return nil }
    defer { free(text) }
    return String(cString: text)
  }

  /// The RDATA, or none if a name in it is longer than a name can be: libldns does not look after
  /// it has put the origin behind.
  func rdata() -> RDATA? {
    var rdata = RDATA()
    for index in 0..<ldns_rr_rd_count(pointer) {
      let field = ldns_rr_rdf(pointer, index)
      let octets = UnsafeRawBufferPointer(start: ldns_rdf_data(field), count: ldns_rdf_size(field))
      if ldns_rdf_get_type(field) == LDNS_RDF_TYPE_DNAME {
        guard octets.count <= DomainName.lengthLimit else { return nil }
        rdata.append(name: octets)
      } else {
        rdata.append(octets)
      }
    }
    return rdata
  }
}

/// RDATA in uncompressed wire form, and the form in which records are compared.
struct RDATA {
  private(set) var wire: [UInt8] = []
  /// The same with its names in lower case (RFC 4034 section 6.2), or nil where that is ``wire``.
  private var folded: [UInt8]?

  var comparable: [UInt8] { folded ?? wire }

  fileprivate mutating func append(_ octets: UnsafeRawBufferPointer) {
    wire += octets
    folded?.append(contentsOf: octets)
  }

  fileprivate mutating func append(name octets: UnsafeRawBufferPointer) {
    if folded == nil, octets.contains(where: { $0 != $0.asciiLowercased }) { folded = wire }
    wire += octets
    folded?.append(contentsOf: octets.lazy.map(\.asciiLowercased))
  }
}
