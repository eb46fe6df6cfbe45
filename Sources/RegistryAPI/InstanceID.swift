// Ids that the server makes.

import Crypto
import ServiceRegistry

/// Twenty letters and digits, each of five bits: a label that nobody else has.
enum InstanceID {
  static let length = 20
  /// Those of RFC 4648 section 6 in lower case.
  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

  /// 100 random bits.
  static func random(
    using generator: inout some RandomNumberGenerator
  ) throws(RegistryError) -> Label {
    try label((0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
  }

  /// Made of the SHA-256 of caller, service and idempotency key: the same for the same, so that
  /// nothing has to be kept of keys.
  static func derived(
    from key: String, _ service: ServiceName, of caller: String
  ) throws(RegistryError) -> Label {
    // None of the three has a zero octet.
    let identity = [caller, service.key, key].joined(separator: "\0")
    return try label(Array(SHA256.hash(data: Array(identity.utf8))))
  }

  private static func label(_ octets: [UInt8]) throws(RegistryError) -> Label {
    let text = octets.prefix(length).map { alphabet[Int($0 % 32)] }
    return try Label(String(decoding: text, as: UTF8.self), kind: .instance)
  }
}
