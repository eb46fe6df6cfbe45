// A record as a line of a master file.

package import DNSWire

extension ResourceRecord {
  /// Owner, TTL, class, type and RDATA (RFC 1035 section 5.1), without a line's end. RDATA that
  /// libldns has no text for is written as that of an unknown type (RFC 3597 section 5).
  package var masterFileLine: String {
    let head = "\(owner)\t\(ttl)\tIN\t"
    if let parsed = LDNSRecord(self), let text = parsed.text { return head + text }
    let digits = rdata.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return head + "TYPE\(type.rawValue)\t\\# \(rdata.count) \(digits)"
  }
}
