// The name at which an address is looked up in reverse.

extension IPAddress {
  /// `1.2.0.192.in-addr.arpa` for `192.0.2.1` (RFC 1035 section 3.5); for IPv6 each hexadecimal
  /// digit is a label below `ip6.arpa` (RFC 3596 section 2.5).
  package var reverseName: DomainName {
    var wire: [UInt8] = []
    func append(_ label: String) {
      wire.append(UInt8(label.utf8.count))
      wire += label.utf8
    }
    for octet in octets.reversed() {
      if isV4 {
        append("\(octet)")
      } else {
        append(String(octet & 0xF, radix: 16))
        append(String(octet >> 4, radix: 16))
      }
    }
    for label in [isV4 ? "in-addr" : "ip6", "arpa"] { append(label) }
    return DomainName(uncheckedWire: wire + [0])
  }
}
