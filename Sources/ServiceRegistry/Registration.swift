// What an instance says of itself when it registers.

package import DNSWire

/// A transport protocol that SRV owner names tell apart (RFC 2782).
package enum TransportProtocol: String, Codable, Sendable, CaseIterable {
  case tcp
  case udp
}

/// What the instance, or who watches it, thinks of its health.
package enum InstanceStatus: String, Codable, Sendable, CaseIterable {
  case passing
  case warning
  case critical

  /// Whether an instance of this status is given to callers.
  package var isLive: Bool { self != .critical }
}

package struct NamedPort: Equatable, Sendable {
  package let name: Label
  package let port: UInt16
  package let transport: TransportProtocol

  package init(name: Label, port: UInt16, transport: TransportProtocol) {
    self.name = name
    self.port = port
    self.transport = transport
  }

  var claim: ServiceClaims.Port { ServiceClaims.Port(name: name, transport: transport) }

  /// Equal also in the case of letters.
  func isSame(as other: NamedPort) -> Bool {
    self == other && name.text == other.name.text
  }
}

/// An instance's own words, checked. Limits are in ``RegistryLimits``.
package struct Registration: Equatable, Sendable {
  /// At least one; IPv4 before IPv6.
  package var addresses: [IPAddress]
  package var port: UInt16?
  /// In order of name.
  package var ports: [NamedPort]
  /// Of the default port.
  package var transport: TransportProtocol
  /// 1 to 65,535.
  package var weight: UInt16
  /// The lower, the sooner used.
  package var priority: UInt16
  /// In order, each once.
  package var tags: [Label]
  /// Published as `key=value` strings (RFC 6763 section 6).
  package var metadata: Metadata
  package var status: InstanceStatus
  /// Seconds without renewal after which the instance is gone; nil: it stays until deregistered.
  package var leaseSeconds: Int?

  package init(
    addresses: [IPAddress], port: UInt16? = nil, ports: [NamedPort] = [],
    transport: TransportProtocol = .tcp, weight: UInt16 = 1, priority: UInt16 = 0,
    tags: [Label] = [], metadata: Metadata? = nil, status: InstanceStatus = .passing,
    leaseSeconds: Int? = RegistryLimits.defaultLeaseSeconds
  ) throws(RegistryError) {
    self.init(
      unchecked: Self.ordered(addresses), port: port,
      ports: ports.count > 1 ? ports.sorted { $0.name < $1.name } : ports, transport: transport,
      weight: weight, priority: priority,
      tags: tags.count > 1 ? Array(Set(tags)).sorted() : tags, metadata: metadata ?? .empty,
      status: status, leaseSeconds: leaseSeconds)
    try checkCounts()
    try checkAddresses()
    try checkNumbers()
  }

  func has(_ port: ServiceClaims.Port) -> Bool { ports.contains { $0.claim == port } }

  private static func ordered(_ addresses: [IPAddress]) -> [IPAddress] {
    addresses.count > 1 ? addresses.filter(\.isV4) + addresses.filter { !$0.isV4 } : addresses
  }

  /// What was checked before.
  init(
    unchecked addresses: [IPAddress], port: UInt16?, ports: [NamedPort],
    transport: TransportProtocol, weight: UInt16, priority: UInt16, tags: [Label],
    metadata: Metadata, status: InstanceStatus, leaseSeconds: Int?
  ) {
    self.addresses = addresses
    self.port = port
    self.ports = ports
    self.transport = transport
    self.weight = weight
    self.priority = priority
    self.tags = tags
    self.metadata = metadata
    self.status = status
    self.leaseSeconds = leaseSeconds
  }

  private func checkCounts() throws(RegistryError) {
    try checkAddressCount()
    try check("ports", ports.count, limit: RegistryLimits.ports)
    try check("tags", tags.count, limit: RegistryLimits.tags)
    guard ports.count < 2 || Set(ports.map(\.name)).count == ports.count else {
      throw .badField("ports", "a port name is given twice (case does not matter)")
    }
  }

  private func checkAddressCount() throws(RegistryError) {
    try check("addresses", addresses.count, limit: RegistryLimits.addresses)
    guard addresses.count < 2 || Set(addresses).count == addresses.count else {
      throw .badField("addresses", "an address is given twice")
    }
  }

  private func check(_ field: String, _ count: Int, limit: Int) throws(RegistryError) {
    guard count <= limit else { throw .tooMany(field, count, limit: limit) }
  }

  private func checkAddresses() throws(RegistryError) {
    guard !addresses.isEmpty else { throw .badField("addresses", "must not be empty") }
    for address in addresses {
      let fault =
        address.isUnspecified
        ? "unspecified"
        : address.isMulticastOrBroadcast
          ? "multicast or broadcast" : address.isLinkLocal ? "link-local" : nil
      if let fault {
        throw .badField("addresses", "\(address) is \(fault): callers could not reach it")
      }
    }
  }

  private func checkNumbers() throws(RegistryError) {
    guard weight > 0 else { throw .badField("weight", "must be 1 to 65535") }
    guard port != 0 else { throw .badField("port", "must be 1 to 65535") }
    guard ports.allSatisfy({ $0.port > 0 }) else {
      throw .badField("ports", "a port must be 1 to 65535")
    }
    let range = RegistryLimits.leaseSeconds
    guard leaseSeconds.map(range.contains) ?? true else {
      throw .badField(
        "lease_seconds", "must be \(range.lowerBound) to \(range.upperBound), or null for no end")
    }
  }

  /// The same of another instance: checked again is only what differs.
  package func with(addresses: [IPAddress]) throws(RegistryError) -> Registration {
    var registration = self
    registration.addresses = Self.ordered(addresses)
    try registration.checkAddressCount()
    try registration.checkAddresses()
    return registration
  }
}
