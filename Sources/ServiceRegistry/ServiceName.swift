// The name of a service: one or more labels, the dots between them making namespaces.

import DNSWire

/// A service's name below the service zone, such as `web` or `web.prod`.
package struct ServiceName: Sendable {
  /// Octets of the text at most.
  package static let lengthLimit = 200
  /// Octets of the first label: an underscore is put before it.
  static let firstLabelLimit = 62
  /// The label that sets tags apart from instances, which therefore nobody may use.
  static let tagLabel = "tag"
  /// Names that the zone itself uses for its SOA and NS.
  static let reserved: Set<String> = ["ns", "hostmaster"]

  /// Shared by all copies, of which there is one in each instance.
  private final class Storage: Sendable {
    let labels: [Label]
    let key: String

    init(_ labels: [Label]) {
      self.labels = labels
      key = labels.count == 1 ? labels[0].key : labels.map(\.key).joined(separator: ".")
    }
  }

  private let storage: Storage
  package var labels: [Label] { storage.labels }
  /// The name in lower case: what it is stored and compared by.
  package var key: String { storage.key }

  /// - Throws: `badName` when the text is not such a name or is reserved.
  package init(_ text: String) throws(RegistryError) {
    guard text.utf8.count <= Self.lengthLimit else {
      throw .badName(.service, text, "must be at most \(Self.lengthLimit) octets long")
    }
    var labels: [Label] = []
    for part in text.split(separator: ".", omittingEmptySubsequences: false) {
      let limit = labels.isEmpty ? Self.firstLabelLimit : DomainName.labelLengthLimit
      labels.append(try Label(String(part), kind: .service, limit: limit))
    }
    storage = Storage(labels)
    guard !labels.contains(where: { $0.key == Self.tagLabel }) else {
      throw .badName(.service, text, "must not have the label 'tag', which sets tags apart")
    }
    guard !Self.reserved.contains(key) else {
      throw .badName(.service, text, "is reserved for the zone itself")
    }
  }

  package var text: String {
    labels.count == 1 ? labels[0].text : labels.map(\.text).joined(separator: ".")
  }

  /// This name without its first label, and that label: the service that may have an instance, or
  /// a port, of this name.
  var above: (service: ServiceName, label: Label)? {
    guard labels.count > 1 else { return nil }
    return (ServiceName(uncheckedLabels: Array(labels.dropFirst())), labels[0])
  }

  /// The service whose name is `label` before this one's; nil when that can't be a service.
  func below(_ label: Label) -> ServiceName? {
    guard label.key != Self.tagLabel, label.key.utf8.count <= Self.firstLabelLimit,
      label.key.utf8.count + 1 + key.utf8.count <= Self.lengthLimit
    else { return nil }
    return ServiceName(uncheckedLabels: [label] + labels)
  }

  private init(uncheckedLabels labels: [Label]) {
    storage = Storage(labels)
  }
}

extension ServiceName: Hashable {
  package static func == (left: ServiceName, right: ServiceName) -> Bool {
    left.storage === right.storage || left.key == right.key
  }

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
