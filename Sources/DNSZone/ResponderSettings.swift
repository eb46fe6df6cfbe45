// What an operator can set about replies.

import DNSWire

/// Limits and names that all threads answer with.
package struct ResponderSettings: Sendable {
  /// Octets of a UDP reply at most, whatever the client offers: 512 to 4,096. The default avoids
  /// fragments on nearly every path.
  package var udpPayloadSize = 1232
  /// The text of `version.bind` and `version.server` in class CHAOS; nil refuses.
  package var version: String?
  /// The text of `id.server` and `hostname.bind` in class CHAOS (RFC 4892); nil refuses.
  package var serverID: String?

  package init(version: String?, serverID: String?) {
    self.version = version
    self.serverID = serverID
  }

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
