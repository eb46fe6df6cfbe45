// An IP address and port to listen on.

import DNSWire
import Glibc

/// An IP address and port to listen on, for DNS and HTTP alike.
///
/// Written `127.0.0.1:5300` or `[::1]:5300`: IP literals only, since a name may have several
/// addresses, or none yet when the machine starts. Port 0 lets the kernel pick one.
package struct ListenAddress: Hashable, Sendable {
  let host: IPAddress
  package let port: UInt16

  /// - Throws: ``TransportError/notAnAddress(_:_:)``, which says what is wrong with `text`.
  package init(_ text: String) throws(TransportError) {
    guard let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") else {
      throw .notAnAddress(text, .missingPort)
    }
    var literal = text[..<colon]
    let isBracketed = literal.hasPrefix("[") && literal.hasSuffix("]")
    if isBracketed {
      literal = literal.dropFirst().dropLast()
    } else if literal.contains(":") {
      throw .notAnAddress(text, .bareIPv6)
    }
    guard let host = IPAddress(String(literal)), host.isV4 != isBracketed else {
      throw .notAnAddress(text, .notAnIPAddress)
    }
    guard let port = Self.port(text[text.index(after: colon)...]) else {
      throw .notAnAddress(text, .badPort)
    }
    self.init(host: host, port: port)
  }

  init(host: IPAddress, port: UInt16) {
    self.host = host
    self.port = port
  }

  func with(port: UInt16) -> ListenAddress {
    ListenAddress(host: host, port: port)
  }

  private static func port(_ digits: Substring) -> UInt16? {
    // UInt16's own parser also takes a sign.
    guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return nil
    }
    return UInt16(digits)
  }
}

extension ListenAddress {
  /// The address without the port, in the canonical form of RFC 5952.
  package var ipAddress: String { host.description }

  /// The address in network order, where there is one that it answers from; empty for a wildcard.
  package var answeringOctets: [UInt8] { isWildcard ? [] : host.octets }

  /// All addresses of the machine: `0.0.0.0` or `::`.
  package var isWildcard: Bool { host.isUnspecified }

  /// Reached from this machine only: 127.0.0.0/8 (RFC 1122 section 3.2.1.3) or `::1`.
  package var isLoopback: Bool { host.isLoopback }
}

extension ListenAddress: CustomStringConvertible {
  package var description: String {
    host.isV4 ? "\(ipAddress):\(port)" : "[\(ipAddress)]:\(port)"
  }
}

extension ListenAddress {
  /// AF_INET or AF_INET6.
  var family: Int32 { host.isV4 ? AF_INET : AF_INET6 }

  /// Calls `body` with the address in the system's form.
  func withSocketAddress<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    if host.isV4 {
      var form = sockaddr_in()
      form.sin_family = sa_family_t(AF_INET)
      form.sin_port = port.bigEndian
      withUnsafeMutableBytes(of: &form.sin_addr) { $0.copyBytes(from: host.octets) }
      return withBytes(of: &form, body)
    }
    var form = sockaddr_in6()
    form.sin6_family = sa_family_t(AF_INET6)
    form.sin6_port = port.bigEndian
    withUnsafeMutableBytes(of: &form.sin6_addr) { $0.copyBytes(from: host.octets) }
    return withBytes(of: &form, body)
  }

  private func withBytes<Form, Result>(
    of form: inout Form, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    withUnsafeMutableBytes(of: &form) { bytes in
      body(
        UnsafePointer(bytes.assumingMemoryBound(to: sockaddr.self).baseAddress!),
        socklen_t(bytes.count))
    }
  }
}
