// The defence against web pages that reach for the API through a visitor's browser.

import DNSWire
import HTTPTypes
import Hummingbird

/// Lets only requests pass that are addressed to this server by a name that nobody else controls.
///
/// A page whose own host name is made to resolve to this machine (DNS rebinding) sends that name
/// as Host; a page elsewhere that sends here sends its own origin.
struct HostCheck: Sendable {
  private let allowedNames: Set<String>
  private let allowedAddresses: Set<IPAddress>

  init(allowedHosts: [String]) {
    allowedNames = Set(allowedHosts.map { $0.lowercased() } + ["localhost"])
    allowedAddresses = Set(allowedHosts.compactMap { IPAddress($0) })
  }

  /// - Parameter localAddress: the listener's address, or with a wildcard the one that was used.
  /// - Throws: what ``form(of:)`` does; 421 for another host; 403 for another origin.
  func check(_ request: Request, arrivedAt localAddress: IPAddress?) throws(Problem) {
    let (text, host) = try Self.form(of: request)
    if let address = IPAddress(host.host) {
      guard address == localAddress || allowedAddresses.contains(address) else {
        throw .otherHost(text)
      }
    } else {
      guard allowedNames.contains(host.host) else { throw .otherHost(text) }
    }
    if let origin = request.headers[.origin], !host.isHost(ofOrigin: origin) {
      throw .otherOrigin(origin)
    }
  }
}

extension HostCheck {
  /// - Throws: 400 for a Host that is missing, given twice (RFC 9112 section 3.2) or unreadable.
  static func checkForm(of request: Request) throws(Problem) {
    _ = try form(of: request)
  }

  private static func form(
    of request: Request
  ) throws(Problem) -> (text: String, host: Authority) {
    guard let text = request.head.authority, !text.isEmpty, !request.headers.contains(.secondHost),
      let host = Authority(text)
    else { throw .badHost }
    return (text, host)
  }
}

extension HTTPField.Name {
  /// The first Host is the request's authority; only a second one is among the fields.
  fileprivate static let secondHost = Self("Host")!
}

/// A host with an optional port, as in a Host field or an origin.
private struct Authority {
  /// In lower case; an IPv6 address without its brackets.
  let host: String
  let port: Int?

  init?(_ text: some StringProtocol) {
    let host: Substring
    let rest: Substring
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      host = Substring(text[text.index(after: text.startIndex)..<end])
      rest = Substring(text[text.index(after: end)...])
      guard let address = IPAddress(String(host)), !address.isV4 || host.contains(":") else {
        return nil
      }
    } else {
      host = Substring(text.prefix { $0 != ":" })
      rest = Substring(text[host.endIndex...])
    }
    guard !host.isEmpty, rest.isEmpty || rest.hasPrefix(":") else { return nil }
    let digits = rest.dropFirst()
    guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    port = Int(digits)
    guard digits.isEmpty || port.map((0...65_535).contains) ?? false else { return nil }
    self.host = host.lowercased()
  }

  /// Whether a page of `origin` (RFC 6454 section 6.2) was loaded from this host and port.
  func isHost(ofOrigin origin: String) -> Bool {
    for (scheme, defaultPort) in [("http://", 80), ("https://", 443)] {
      guard origin.hasPrefix(scheme) else { continue }
      guard let other = Authority(origin.dropFirst(scheme.count)) else { return false }
      return other.host == host && other.port ?? defaultPort == port ?? defaultPort
    }
    return false
  }
}
