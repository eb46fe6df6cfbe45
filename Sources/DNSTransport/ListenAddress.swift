// An IP address and port to listen on.

import Glibc

/// An IP address and port to listen on, for DNS and HTTP alike.
///
/// Written `127.0.0.1:5300` or `[::1]:5300`: IP literals only, since a name may have several
/// addresses, or none yet when the machine starts. Port 0 lets the kernel pick one.
package struct ListenAddress: Hashable, Sendable {
  enum Host: Hashable, Sendable {
    /// In host byte order.
    case v4(UInt32)
    /// The first and the last 64 bits, in host byte order.
    case v6(UInt64, UInt64)
  }

  let host: Host
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
    guard let host = isBracketed ? Host(v6: literal) : Host(v4: literal) else {
      throw .notAnAddress(text, .notAnIPAddress)
    }
    guard let port = Self.port(text[text.index(after: colon)...]) else {
      throw .notAnAddress(text, .badPort)
    }
    self.init(host: host, port: port)
  }

  init(host: Host, port: UInt16) {
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
  package var ipAddress: String { host.text }

  /// All addresses of the machine: `0.0.0.0` or `::`.
  package var isWildcard: Bool {
    switch host {
    case .v4(let address): address == 0
    case .v6(let high, let low): high == 0 && low == 0
    }
  }

  /// Reached from this machine only: 127.0.0.0/8 (RFC 1122 section 3.2.1.3) or `::1`.
  package var isLoopback: Bool {
    switch host {
    case .v4(let address): address >> 24 == 127
    case .v6(let high, let low): high == 0 && low == 1
    }
  }
}

extension ListenAddress: CustomStringConvertible {
  package var description: String {
    switch host {
    case .v4: "\(ipAddress):\(port)"
    case .v6: "[\(ipAddress)]:\(port)"
    }
  }
}

extension ListenAddress.Host {
  init?(v4 literal: Substring) {
    var address = in_addr()
    guard inet_pton(AF_INET, String(literal), &address) == 1 else { return nil }
    self = .v4(UInt32(bigEndian: address.s_addr))
  }

  init?(v6 literal: Substring) {
    var words: (UInt64, UInt64) = (0, 0)
    guard inet_pton(AF_INET6, String(literal), &words) == 1 else { return nil }
    self = .v6(UInt64(bigEndian: words.0), UInt64(bigEndian: words.1))
  }

  var text: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { room in
      switch self {
      case .v4(let address):
        var address = in_addr(s_addr: address.bigEndian)
        inet_ntop(AF_INET, &address, room.baseAddress, socklen_t(room.count))
      case .v6(let high, let low):
        var words = (high.bigEndian, low.bigEndian)
        inet_ntop(AF_INET6, &words, room.baseAddress, socklen_t(room.count))
      }
      return String(cString: room.baseAddress!)
    }
  }
}

extension ListenAddress {
  /// AF_INET or AF_INET6.
  var family: Int32 {
    switch host {
    case .v4: AF_INET
    case .v6: AF_INET6
    }
  }

  /// Calls `body` with the address in the system's form.
  func withSocketAddress<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    switch host {
    case .v4(let address):
      var form = sockaddr_in()
      form.sin_family = sa_family_t(AF_INET)
      form.sin_port = port.bigEndian
      form.sin_addr.s_addr = address.bigEndian
      return withBytes(of: &form, body)
    case .v6(let high, let low):
      var form = sockaddr_in6()
      form.sin6_family = sa_family_t(AF_INET6)
      form.sin6_port = port.bigEndian
      withUnsafeMutableBytes(of: &form.sin6_addr) { bytes in
        bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
        bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
      }
      return withBytes(of: &form, body)
    }
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
