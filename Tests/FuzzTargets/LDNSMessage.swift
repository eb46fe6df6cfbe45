// A message as libldns reads it: a second opinion on what this project reads and writes.

import CLDNS
import TestSupport

/// What libldns makes of the octets of a message.
struct LDNSMessage {
  /// The UDP payload size of the OPT record, if there is one.
  let udpPayloadSize: UInt16?
  /// What the OPT record holds, as far as its lengths are right.
  let options: [Message.Option]
  /// Records in the answer and authority sections.
  let recordCounts: [Int]

  /// - Throws: libldns's reason when it can't read the message.
  init(_ octets: [UInt8]) throws(Violation) {
    var message: UnsafeMutablePointer<ldns_pkt>?
    let status = octets.withUnsafeBufferPointer {
      ldns_wire2pkt(&message, $0.baseAddress, $0.count)
    }
    guard status == LDNS_STATUS_OK, let message else {
      let reason = ldns_get_errorstr_by_id(status).map { String(cString: $0) }
      throw Violation("libldns cannot read the message: \(reason ?? "\(status)")")
    }
    defer { ldns_pkt_free(message) }
    udpPayloadSize = ldns_pkt_edns(message) != 0 ? ldns_pkt_edns_udp_size(message) : nil
    options = Self.options(ldns_pkt_edns_data(message))
    recordCounts = [
      ldns_rr_list_rr_count(ldns_pkt_answer(message)),
      ldns_rr_list_rr_count(ldns_pkt_authority(message)),
    ]
  }

  private static func options(_ data: UnsafeMutablePointer<ldns_rdf>?) -> [Message.Option] {
    guard let data, let start = ldns_rdf_data(data) else { return [] }
    var rest = Array(UnsafeRawBufferPointer(start: start, count: ldns_rdf_size(data)))[...]
    var options: [Message.Option] = []
    while rest.count >= 4 {
      let header = rest.prefix(4).map(UInt16.init)
      let length = Int(header[2] << 8 | header[3])
      rest = rest.dropFirst(4)
      options.append(
        Message.Option(code: header[0] << 8 | header[1], data: Array(rest.prefix(length))))
      rest = rest.dropFirst(length)
    }
    return options
  }
}
