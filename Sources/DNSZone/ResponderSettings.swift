// What an operator can set about replies.

package import DNSWire

/// When a client must show over UDP that its address is its own.
package enum CookieRequirement: String, Sendable, CaseIterable {
  case never
  /// While more queries wait than one reception takes.
  case underLoad = "under_load"
  case always
}

/// Limits and names that all threads answer with.
package struct ResponderSettings: Sendable {
  /// Octets of a UDP reply at most, whatever the client offers: 512 to 4,096. The default avoids
  /// fragments on nearly every path.
  package var udpPayloadSize = 1232
  /// The text of `version.bind` and `version.server` in class CHAOS; nil refuses.
  package var version: String?
  /// The text of `id.server` and `hostname.bind` in class CHAOS (RFC 4892), and what NSID asks for
  /// (RFC 5001); nil refuses the one and ignores the other. At most ``serverIDLimit`` octets.
  package var serverID: String? {
    didSet { nsid = serverID.map { Array($0.utf8.prefix(Self.serverIDLimit)) } }
  }
  private(set) var nsid: [UInt8]?
  /// Makes and checks DNS cookies (RFC 7873).
  package var serverCookie = ServerCookie(secret: .random())
  package var cookieRequirement = CookieRequirement.never
  /// Who is answered; the others are refused. Empty: everybody.
  package var allowedClients: [AddressPrefix] = []
  /// Whose replies are to be another than everybody's.
  package var profiles: [ProfileRule] = []
  /// For whom names outside all zones are looked up elsewhere; nil: for nobody, so that no
  /// recursion is offered.
  package var forwardedClients: [AddressPrefix]?
  /// Shared by all threads; nil limits nobody.
  package var rateLimiter: RateLimiter?
  /// Counts what all threads reply; nil counts nothing.
  package var statistics: ReplyStatistics?
  /// Seconds for which a TCP connection may be idle, which is told to those who ask (RFC 7828).
  package var tcpIdleSeconds: Double = 10

  /// Octets of a server's identifier.
  package static let serverIDLimit = 128

  package init(version: String?, serverID: String?) {
    self.version = version
    self.serverID = serverID
    nsid = serverID.map { Array($0.utf8.prefix(Self.serverIDLimit)) }
  }

  /// All that holds for a client, whose address is in network order.
  @inline(__always)
  func profile(of client: UnsafeRawBufferPointer, at listener: Int) -> ClientProfile {
    profiles.isEmpty ? [] : allProfiles(of: client, at: listener)
  }

  @inline(never)
  private func allProfiles(of client: UnsafeRawBufferPointer, at listener: Int) -> ClientProfile {
    let address = IPAddress(inNetworkOrder: client)
    return profiles.reduce(into: []) { profile, rule in
      if rule.holds(for: address, at: listener) { profile.formUnion(rule.profile) }
    }
  }

  /// In units of 100 milliseconds, rounded down (RFC 7828 section 3.1).
  var keepaliveTimeout: UInt16 { UInt16(max(0, min(tcpIdleSeconds * 10, 65_535))) }

  /// The answer to a CHAOS TXT query, cut to the 255 octets of a string.
  func chaosText(for name: NameScratch) -> [UInt8]? {
    let text: String? =
      switch DomainName(uncheckedWire: Array(name.view.bytes)).description {
      case "version.bind.", "version.server.": version
      case "id.server.", "hostname.bind.": serverID
      default: nil
      }
    return text.map { Array($0.utf8.prefix(255)) }
  }
}
