// The owner names by which instances are browsed for (RFC 6763).

import DNSWire
import DNSZone

extension OwnerNames {
  /// `_P._tcp.Z`: the service type of all ports of that name (RFC 6763 section 7).
  func serviceType(_ port: ServiceClaims.Port) -> DomainName {
    name([port.name.underscored, Array("_\(port.transport.rawValue)".utf8)], [])
  }

  /// `I.S` as one label below the type (RFC 6763 section 4.1); nil when DNS has no room for that.
  ///
  /// - Parameter own: the instance's own name in wire form.
  func serviceInstance(_ own: some Collection<UInt8>, of type: DomainName) -> DomainName? {
    let labels = own.dropLast(apex.wire.count)
    let length = 1 + ServiceInstanceLabel.length(labels.count) + type.wire.count
    guard length <= DomainName.lengthLimit else { return nil }
    let label = ServiceInstanceLabel.octets(labels)
    return DomainName(uncheckedWire: [UInt8(label.count)] + label + type.wire)
  }

  /// Whether the instance's own name is longer than a label can be.
  func isCut(_ own: some Collection<UInt8>) -> Bool {
    ServiceInstanceLabel.isCut(own.count - apex.wire.count)
  }

  /// `_services._dns-sd._udp.Z`: all types (RFC 6763 section 9).
  var serviceTypes: DomainName { browsing("_services") }

  /// What a client asks for to know where to browse: the recommended domains, the one to begin with
  /// and those that it browses of itself (RFC 6763 section 11).
  var browsingDomains: [DomainName] { ["b", "db", "lb"].map(browsing) }

  private func browsing(_ label: String) -> DomainName {
    name([label, "_dns-sd", "_udp"].map { Array($0.utf8) }, [])
  }

  /// The service in the label of a service instance, which is `I.S`.
  func serviceOfInstance(_ label: String) -> String {
    String(label.drop { $0 != "." }.dropFirst())
  }
}
