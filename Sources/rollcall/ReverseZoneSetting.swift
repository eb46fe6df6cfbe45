// Which reverse zones there may be.

import DNSWire

extension Settings {
  static let reverseZoneLimit = 64

  /// What reverse zones are below (RFC 1035 section 3.5, RFC 3596 section 2.5).
  private static let reverseRoots = ["in-addr", "ip6"].map { label in
    DomainName(
      uncheckedWire: [UInt8(label.utf8.count)] + Array(label.utf8) + [4] + Array("arpa".utf8) + [0])
  }

  static func checkReverseZones(_ names: [DomainName]) throws(SettingError) {
    guard names.count <= reverseZoneLimit else {
      throw SettingError(
        "setting reverse_zones: at most \(reverseZoneLimit) zones, not \(names.count)")
    }
    for (index, name) in names.enumerated() {
      guard reverseRoots.contains(where: { name != $0 && name.isEqualOrBelow($0) }) else {
        throw SettingError(
          .reverseZones, "\(name)",
          "must be below in-addr.arpa or ip6.arpa, such as 10.in-addr.arpa")
      }
      let other = names[..<index].first { $0.isEqualOrBelow(name) || name.isEqualOrBelow($0) }
      if let other {
        throw SettingError(.reverseZones, "\(name)", "and \(other) overlap; name the upper one")
      }
    }
  }
}
