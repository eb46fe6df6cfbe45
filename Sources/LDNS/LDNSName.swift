// A domain name in libldns's hands.

import CLDNS
import DNSWire

/// Owns an `ldns_rdf` that holds a domain name.
struct LDNSName: ~Copyable {
  /// Valid as long as this value; libldns does not keep it.
  let pointer: UnsafeMutablePointer<ldns_rdf>

  init(_ name: DomainName) {
    let copy = name.wire.withUnsafeBytes {
      ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, $0.count, $0.baseAddress)
    }
    // Swift's own allocations end the process too when there is no memory.
    guard let copy else { preconditionFailure("libldns: out of memory") }
    pointer = copy
  }

  private init(taking pointer: UnsafeMutablePointer<ldns_rdf>) {
    self.pointer = pointer
  }

  /// The name that a NUL-terminated text gives, without its final dot if there is one.
  init(text: borrowing [UInt8]) throws(LDNSFailure) {
    var name: UnsafeMutablePointer<ldns_rdf>?
    let status = text.withUnsafeBytes { octets in
      ldns_str2rdf_dname(&name, octets.assumingMemoryBound(to: CChar.self).baseAddress)
    }
    guard status == LDNS_STATUS_OK, let name else { throw LDNSFailure(status) }
    self.init(taking: name)
  }

  deinit { ldns_rdf_deep_free(pointer) }

  /// Uncompressed wire form.
  var wire: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: ldns_rdf_data(pointer), count: ldns_rdf_size(pointer))
  }
}

/// What libldns has against a text.
struct LDNSFailure: Error {
  let reason: String

  init(_ status: ldns_status) {
    reason = ldns_get_errorstr_by_id(status).map { String(cString: $0) } ?? "syntax error"
  }
}
