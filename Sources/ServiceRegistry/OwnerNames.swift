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
    name(service.labels.map(\.octets))
  }

  /// `_web._tcp.prod.Z` for the service `web.prod`: the form of RFC 2782.
  func serviceSRV(_ service: ServiceName, _ transport: TransportProtocol) -> DomainName {
    let rest = service.labels.dropFirst().map(\.octets)
    return name([service.labels[0].underscored, Array("_\(transport.rawValue)".utf8)] + rest)
  }

  /// `_P._tcp.S.Z`
  func port(_ port: ServiceClaims.Port, of service: ServiceName) -> DomainName {
    let prefix = [port.name.underscored, Array("_\(port.transport.rawValue)".utf8)]
    return name(prefix + service.labels.map(\.octets))
  }

  /// `T.tag.S.Z`
  func tag(_ tag: Label, of service: ServiceName) -> DomainName {
    let prefix = [tag.octets, Array(ServiceName.tagLabel.utf8)]
    return name(prefix + service.labels.map(\.octets))
  }

  /// `I.S.Z`
  func instance(_ key: InstanceKey) -> DomainName {
    name([key.id.octets] + key.service.labels.map(\.octets))
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

  /// A name of the registration that DNS has no room for (RFC 1035 section 2.3.4).
  func tooLong(_ key: InstanceKey, _ registration: Registration) -> DomainName? {
    names(of: key, registration).first { $0.wire.count > DomainName.lengthLimit }
  }

  /// What to tell who registered: the host name, and the SRV names if there is a port.
  package func shown(_ instance: Instance) -> InstanceNames {
    let key = instance.key
    var srv: [DomainName] = []
    if instance.registration.port != nil {
      srv.append(serviceSRV(key.service, instance.registration.transport))
    }
    srv += instance.registration.ports.map {
      port(ServiceClaims.Port(name: $0.name, transport: $0.transport), of: key.service)
    }
    return InstanceNames(
      host: self.instance(key).description, srv: srv.map(\.description))
  }

  private func name(_ labels: [[UInt8]]) -> DomainName {
    var wire: [UInt8] = []
    wire.reserveCapacity(apex.wire.count + labels.reduce(0) { $0 + $1.count + 1 })
    for label in labels {
      wire.append(UInt8(label.count))
      wire += label
    }
    return DomainName(uncheckedWire: wire + apex.wire)
  }
}
