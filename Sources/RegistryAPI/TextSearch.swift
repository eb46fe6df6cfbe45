// What the items of a list are searched for.

import DNSWire
import Glibc
import ServiceRegistry

/// A text that some part of an item must contain, without regard to case.
struct TextSearch {
  private let octets: [UInt8]

  init(_ text: String) {
    octets = Array(text.lowercased().utf8)
  }

  func finds(_ service: ServiceName) -> Bool { isIn(service.key) }

  /// In its id, an address or a tag.
  func finds(_ key: InstanceKey, _ registration: Registration) -> Bool {
    isIn(key.id.key) || registration.tags.contains { isIn($0.key) }
      || registration.addresses.contains { isIn($0.description) }
  }

  /// - Parameter text: in lower case. There may be half a million of them.
  private func isIn(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { text in
      guard let start = text.baseAddress, text.count >= octets.count else { return false }
      return (0...text.count - octets.count).contains {
        memcmp(start + $0, octets, octets.count) == 0
      }
    }
  }
}

extension RequestQuery {
  /// - Returns: nil for nothing, which all items contain.
  func search() throws(Problem) -> TextSearch? {
    guard let text = self["search"], !text.isEmpty else { return nil }
    let limit = APILimits.searchLength
    guard text.utf8.count <= limit else {
      throw .badField("search", "must be at most \(limit) octets long", limit: limit)
    }
    return TextSearch(text)
  }
}
