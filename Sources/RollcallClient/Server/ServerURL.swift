// Where a server's HTTP API is.

import DNSWire

/// `http://HOST:PORT` or `https://HOST:PORT`: the API is at the root of a host.
package struct ServerURL: Equatable, Sendable {
  package let isTLS: Bool
  /// A name or an address, IPv6 without brackets.
  package let host: String
  package let port: UInt16

  /// - Throws: what is wrong with `text` and how it is to be written.
  package init(_ text: String) throws(RollcallError) {
    func fault(_ reason: String) -> RollcallError {
      RollcallError(.setting, "the server '\(text)' \(reason); write it like http://127.0.0.1:8053")
    }
    guard let separator = text.firstRange(of: "://") else { throw fault("has no http://") }
    switch text[..<separator.lowerBound].lowercased() {
    case "http": isTLS = false
    case "https": isTLS = true
    default: throw fault("is neither http:// nor https://")
    }
    var authority = text[separator.upperBound...]
    if authority.last == "/" { authority.removeLast() }
    guard !authority.contains(where: { "/?#@ ".contains($0) }) else {
      throw fault("has more than a host and a port")
    }
    let hostEnd = Self.hostEnd(in: authority)
    let host = authority[..<hostEnd]
    let isBracketed = host.first == "[" && host.last == "]"
    self.host = isBracketed ? String(host.dropFirst().dropLast()) : String(host)
    guard !self.host.isEmpty, isBracketed == self.host.contains(":") else {
      throw fault("has no host, or one that can't be read (IPv6 stands in brackets)")
    }
    guard hostEnd != authority.endIndex else {
      port = isTLS ? 443 : 80
      return
    }
    guard let port = UInt16(authority[hostEnd...].dropFirst()), port > 0 else {
      throw fault("has no port from 1 to 65535 after the colon")
    }
    self.port = port
  }

  /// Where the port's colon is, if there is one.
  private static func hostEnd(in authority: Substring) -> Substring.Index {
    if authority.first == "[" {
      return authority.firstIndex(of: "]").map(authority.index(after:)) ?? authority.endIndex
    }
    return authority.lastIndex(of: ":") ?? authority.endIndex
  }

  /// Whether what is sent there stays on this machine.
  package var isLoopback: Bool {
    host.lowercased() == "localhost" || IPAddress(host)?.isLoopback ?? false
  }
}

extension ServerURL: CustomStringConvertible {
  package var description: String {
    let shown = host.contains(":") ? "[\(host)]" : host
    return "\(isTLS ? "https" : "http")://\(shown):\(port)"
  }
}
