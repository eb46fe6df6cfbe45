// The name of a service: one or more labels, the dots between them making namespaces.

/// A service's name below the service zone, such as `web` or `web.prod`.
package struct ServiceName: Sendable {
  /// Octets of the text at most.
  package static let lengthLimit = 200
  /// The label that sets tags apart from instances, which therefore nobody may use.
  static let tagLabel = "tag"
  /// Names that the zone itself uses for its SOA and NS.
  static let reserved: Set<String> = ["ns", "hostmaster"]

  package let labels: [Label]
  /// The name in lower case: what it is stored and compared by.
  package let key: String

  /// - Throws: `badName` when the text is not such a name or is reserved.
  package init(_ text: String) throws(RegistryError) {
    guard text.utf8.count <= Self.lengthLimit else {
      throw .badName(.service, text, "must be at most \(Self.lengthLimit) octets long")
    }
    var labels: [Label] = []
    for part in text.split(separator: ".", omittingEmptySubsequences: false) {
      // An underscore is put before the first.
      labels.append(try Label(String(part), kind: .service, limit: labels.isEmpty ? 62 : 63))
    }
    self.labels = labels
    key = labels.map(\.key).joined(separator: ".")
    guard !labels.contains(where: { $0.key == Self.tagLabel }) else {
      throw .badName(.service, text, "must not have the label 'tag', which sets tags apart")
    }
    guard !Self.reserved.contains(key) else {
      throw .badName(.service, text, "is reserved for the zone itself")
    }
  }

  package var text: String { labels.map(\.text).joined(separator: ".") }

  /// The service whose instance would have this service's name, and that instance's id.
  var asInstance: (serviceKey: String, id: Label)? {
    guard labels.count > 1 else { return nil }
    return (labels.dropFirst().map(\.key).joined(separator: "."), labels[0])
  }
}

extension ServiceName: Hashable {
  package static func == (left: ServiceName, right: ServiceName) -> Bool { left.key == right.key }
  package func hash(into hasher: inout Hasher) { hasher.combine(key) }
}

extension ServiceName: CustomStringConvertible {
  package var description: String { text }
}

/// Which instance of which service.
package struct InstanceKey: Hashable, Sendable {
  package let service: ServiceName
  package let id: Label

  package init(service: ServiceName, id: Label) {
    self.service = service
    self.id = id
  }
}
