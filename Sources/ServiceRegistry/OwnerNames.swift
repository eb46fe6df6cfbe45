// The owner names that registrations make in the service zone.

package import DNSWire

/// Where in the zone the records of services, ports, tags and instances stand.
///
/// The names are as long as their labels make them: ``tooLong(_:_:)`` tells before a
/// registration is accepted whether DNS allows them all.
package struct OwnerNames: Sendable {
  package let apex: DomainName

  package init(apex: DomainName) {
    self.apex = apex
  }

  /// `S.Z`
  func service(_ service: ServiceName) -> DomainName {
    name([], service.labels)
  }

  /// `_web._tcp.prod.Z` for the service `web.prod`: the form of RFC 2782.
  func serviceSRV(_ service: ServiceName, _ transport: TransportProtocol) -> DomainName {
    name(
      [service.labels[0].underscored, Array("_\(transport.rawValue)".utf8)],
      service.labels.dropFirst())
  }

  /// `_P._tcp.S.Z`
  func port(_ port: ServiceClaims.Port, of service: ServiceName) -> DomainName {
    name([port.name.underscored, Array("_\(port.transport.rawValue)".utf8)], service.labels)
  }

  /// `T.tag.S.Z`
  func tag(_ tag: Label, of service: ServiceName) -> DomainName {
    name([tag.octets, Array(ServiceName.tagLabel.utf8)], service.labels)
  }

  /// `I.S.Z`
  func instance(_ key: InstanceKey) -> DomainName {
    name([key.id.octets], key.service.labels)
  }

  /// `I.S.Z` in wire form, from that of `S.Z`.
  func instance(_ id: Label, service: [UInt8]) -> [UInt8] {
    var wire: [UInt8] = []
    wire.reserveCapacity(64 + service.count)
    wire.append(label: id)
    wire += service
    return wire
  }

  /// The names besides its own under which `claims` make `service` known.
  func names(of service: ServiceName, claims: ServiceClaims) -> [DomainName] {
    claims.transports.map { serviceSRV(service, $0) }
      + claims.ports.map { port($0, of: service) } + claims.tags.map { tag($0, of: service) }
  }

  /// Every name that the registration of `key` claims.
  func names(of key: InstanceKey, _ registration: Registration) -> [DomainName] {
    [service(key.service), instance(key)]
      + names(of: key.service, claims: ServiceClaims(registration))
  }

  /// The services of which `name` may be a name by its form, whether there are such services or
  /// not.
  package func possibleServices(of name: DomainName) -> [ServiceName] {
    guard name.isEqualOrBelow(apex) else { return [] }
    let labels = name.labels.dropLast(apex.labels.count).map { String(decoding: $0, as: UTF8.self) }
    // S.Z; I.S.Z; _P._tcp.S.Z and T.tag.S.Z.
    var forms = (0..<min(3, labels.count)).map { Array(labels.dropFirst($0)) }
    // web-1.web as one label, below _http._tcp.Z
    if labels.count == 3 { forms.append([serviceOfInstance(labels[0])]) }
    // _web._tcp.prod.Z
    if let first = labels.first, first.hasPrefix("_") {
      forms.append([String(first.dropFirst())] + labels.dropFirst(2))
    }
    return forms.compactMap { try? ServiceName($0.joined(separator: ".")) }
  }

  /// A name of the registration that DNS has no room for (RFC 1035 section 2.3.4).
  func tooLong(_ key: InstanceKey, _ registration: Registration) -> DomainName? {
    names(of: key, registration).first { $0.wire.count > DomainName.lengthLimit }
  }

  /// Octets that a label, a protocol and `tag` add to a service's name at most.
  private static let additionLimit = 1 + 63 + 5

  /// False for nearly all, without making their names.
  func mayBeTooLong(_ service: ServiceName) -> Bool {
    let length = service.key.utf8.count + 1 + apex.wire.count + 1
    return length + Self.additionLimit > DomainName.lengthLimit
  }

  /// What to tell who registered: the host name, and the SRV names if there is a port.
  package func shown(_ instance: Instance) -> InstanceNames {
    let key = instance.key
    var srv: [DomainName] = []
    if instance.registration.port != nil {
      srv.append(serviceSRV(key.service, instance.registration.transport))
    }
    srv += instance.registration.ports.map {
      port($0.claim, of: key.service)
    }
    return InstanceNames(
      host: self.instance(key).description, srv: srv.map(\.description))
  }

  func name(_ prefix: [[UInt8]], _ labels: some Sequence<Label>) -> DomainName {
    var wire: [UInt8] = []
    wire.reserveCapacity(DomainName.lengthLimit)
    for label in prefix {
      wire.append(UInt8(label.count))
      wire += label
    }
    for label in labels { wire.append(label: label) }
    wire += apex.wire
    return DomainName(uncheckedWire: wire)
  }
}

extension [UInt8] {
  /// Appends a label in wire form.
  mutating func append(label: Label) {
    append(UInt8(label.text.utf8.count))
    append(contentsOf: label.text.utf8)
  }
}
