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
}

/// An instance's own words, checked. Limits are in ``RegistryLimits``.
package struct Registration: Equatable, Sendable {
  /// At least one.
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
  package var metadata: [String: String]
  package var status: InstanceStatus
  /// Seconds without renewal after which the instance is gone; nil: it stays until deregistered.
  package var leaseSeconds: Int?

  package init(
    addresses: [IPAddress], port: UInt16? = nil, ports: [NamedPort] = [],
    transport: TransportProtocol = .tcp, weight: UInt16 = 1, priority: UInt16 = 0,
    tags: [Label] = [], metadata: [String: String] = [:], status: InstanceStatus = .passing,
    leaseSeconds: Int? = RegistryLimits.defaultLeaseSeconds
  ) throws(RegistryError) {
    self.addresses = addresses
    self.port = port
    self.ports = ports.sorted { $0.name < $1.name }
    self.transport = transport
    self.weight = weight
    self.priority = priority
    self.tags = Array(Set(tags)).sorted()
    self.metadata = metadata
    self.status = status
    self.leaseSeconds = leaseSeconds
    try checkCounts()
    try checkAddresses()
    try checkMetadata()
    try checkNumbers()
  }

  private func checkCounts() throws(RegistryError) {
    try check("addresses", addresses.count, limit: RegistryLimits.addresses)
    try check("ports", ports.count, limit: RegistryLimits.ports)
    try check("tags", tags.count, limit: RegistryLimits.tags)
    try check("metadata", metadata.count, limit: RegistryLimits.metadataEntries)
    guard Set(ports.map(\.name)).count == ports.count else {
      throw .badField("ports", "a port name is given twice (case does not matter)")
    }
    guard Set(addresses).count == addresses.count else {
      throw .badField("addresses", "an address is given twice")
    }
  }

  private func check(_ field: String, _ count: Int, limit: Int) throws(RegistryError) {
    guard count <= limit else {
      throw .badField(field, "has \(count) entries; at most \(limit) are allowed")
    }
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

  private func checkMetadata() throws(RegistryError) {
    for (key, value) in metadata {
      let isPrintable = key.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x3D }
      guard !key.isEmpty, isPrintable else {
        throw .badField(
          "metadata", "key '\(key)' must be printable ASCII without '=' (RFC 6763 section 6.4)")
      }
      let length = key.utf8.count + 1 + value.utf8.count
      guard length <= RegistryLimits.metadataEntryLength else {
        throw .badField(
          "metadata",
          "'\(key)' with its value is \(length) octets long; at most "
            + "\(RegistryLimits.metadataEntryLength) are allowed")
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

  /// Whether the zone's records for this registration and `other` are the same.
  func hasSameRecords(as other: Registration) -> Bool {
    var comparable = other
    comparable.leaseSeconds = leaseSeconds
    if status.isLive == other.status.isLive { comparable.status = status }
    return self == comparable
  }
}
