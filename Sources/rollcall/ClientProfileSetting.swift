// Which clients get replies of their own kind, as an operator writes it.

import DNSTransport
import DNSWire
import DNSZone

/// `NAME=CLIENTS`: a profile, and an address of `dns` that they ask at or a prefix of their own
/// addresses.
struct ClientProfileSetting: CustomStringConvertible {
  let rule: ProfileRule
  /// As it was written.
  let description: String

  /// Of all together.
  static let limit = 64

  /// - Throws: ``SettingError``, which says what is wrong with `text`.
  init(_ text: String, listeners: [ListenAddress]) throws(SettingError) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let names = ClientProfile.named.map(\.key).joined(separator: ", ")
    guard parts.count == 2 else {
      throw SettingError(
        .clientProfile, text, "must be a profile (\(names)), '=' and clients: musl=10.1.0.0/16")
    }
    guard let profile = ClientProfile.named.first(where: { $0.key == parts[0] })?.value else {
      throw SettingError(.clientProfile, text, "names no profile; there are: \(names)")
    }
    rule = ProfileRule(profile, for: try Self.clients(String(parts[1]), in: text, listeners))
    description = text
  }

  private static func clients(
    _ clients: String, in text: String, _ listeners: [ListenAddress]
  ) throws(SettingError) -> ProfileRule.Clients {
    if let prefix = AddressPrefix(clients) { return .prefix(prefix) }
    guard let address = try? ListenAddress(clients) else {
      throw SettingError(
        .clientProfile, text,
        "must have a prefix of clients' addresses (10.1.0.0/16, with no bit set after it) or an "
          + "address of the setting dns (127.0.0.1:5301) after '='")
    }
    guard address.port != 0, let number = listeners.firstIndex(of: address) else {
      let known = listeners.map(\.description).joined(separator: ", ")
      throw SettingError(
        .clientProfile, text, "names no address of the setting dns, which has \(known)")
    }
    return .listener(number)
  }
}
