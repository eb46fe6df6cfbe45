// A DNS server that is asked.

import DNSWire
package import NIOCore

/// Written `192.0.2.1:5300`, `[2001:db8::1]:5300`, or without a port for 53.
package struct NameServer: Sendable, CustomStringConvertible {
  package static let usualPort = 53

  /// Address and port, the address in the form of RFC 5952.
  package let description: String
  package let address: SocketAddress

  /// - Returns: nil for what is no address.
  package init?(_ text: String) {
    guard let (host, port) = Self.parts(text), let address = IPAddress(host),
      let socketAddress = try? SocketAddress(ipAddress: "\(address)", port: port)
    else { return nil }
    description = address.isV4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    self.address = socketAddress
  }

  private static func parts(_ text: String) -> (host: String, port: Int)? {
    if IPAddress(text) != nil { return (text, usualPort) }
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
      port > 0
    else {
      return text.hasPrefix("[") && text.hasSuffix("]")
        ? (String(text.dropFirst().dropLast()), usualPort) : nil
    }
    let host = text[..<colon]
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    guard isBracketed == host.contains(":") else { return nil }
    return (isBracketed ? String(host.dropFirst().dropLast()) : String(host), Int(port))
  }
}
