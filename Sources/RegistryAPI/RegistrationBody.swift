// The body of a registration.

import DNSWire
import ServiceRegistry

/// What a client wants to register, and what it should know about it.
struct RegistrationBody {
  let registration: Registration
  private(set) var warnings: [String] = []

  private static let fields = [
    "address", "addresses", "port", "ports", "protocol", "weight", "priority", "tags", "metadata",
    "status", "lease_seconds",
  ]

  /// - Parameter peer: whose address is taken when the body has none.
  /// - Throws: ``Problem`` for what is no such body, `RegistryError` for what it may not say.
  init(_ json: JSON, peer: Peer) throws {
    let fields = try JSONFields(json, known: Self.fields)
    let transport: TransportProtocol = try fields.choice("protocol") ?? .tcp
    guard fields.has("address") || fields.has("addresses") || fields.has("port") else {
      throw Problem.badField("port", "at least one of address, addresses and port must be given")
    }
    var addresses = try Self.addresses(fields)
    if addresses == nil, let own = peer.address {
      addresses = [own]
      if own.isLoopback {
        warnings.append(
          "the address \(own), from which the request came, can be reached on this machine only")
      }
    }
    registration = try Registration(
      addresses: addresses ?? [],
      port: try fields.integer("port", in: Self.portRange).map { UInt16($0) },
      ports: try Self.ports(fields, transport),
      transport: transport,
      weight: UInt16(try fields.integer("weight", in: 1...65_535) ?? 1),
      priority: UInt16(try fields.integer("priority", in: 0...65_535) ?? 0),
      tags: try Self.tags(fields),
      metadata: try Self.metadata(fields),
      status: try fields.choice("status") ?? .passing,
      leaseSeconds: try Self.leaseSeconds(fields))
  }

  private static let portRange = 1...65_535

  private static func addresses(_ fields: JSONFields) throws(Problem) -> [IPAddress]? {
    guard !fields.has("address") || !fields.has("addresses") else {
      throw .badField("address", "must not be given together with addresses")
    }
    if let text = try fields.string("address") { return [try address(text, "address")] }
    guard let items = try fields.items("addresses") else { return nil }
    var addresses: [IPAddress] = []
    for item in items { addresses.append(try address(item.value.string(item.path), item.path)) }
    return addresses
  }

  private static func address(_ text: String, _ path: String) throws(Problem) -> IPAddress {
    guard let address = IPAddress(text) else {
      throw .badField(path, "must be an IPv4 or IPv6 address")
    }
    return address
  }

  private static func ports(
    _ fields: JSONFields, _ transport: TransportProtocol
  ) throws -> [NamedPort] {
    try (fields.entries("ports") ?? []).map { entry in
      // An underscore is put before the name.
      let name = try Label(entry.name, kind: .port, limit: 62, field: entry.path)
      guard case .object = entry.value else {
        let port = try entry.value.integer(entry.path, in: portRange)
        return NamedPort(name: name, port: UInt16(port), transport: transport)
      }
      let fields = try JSONFields(entry.value, path: entry.path, known: ["port", "protocol"])
      guard let port = try fields.integer("port", in: portRange) else {
        throw Problem.badField("\(entry.path).port", "is missing")
      }
      return NamedPort(
        name: name, port: UInt16(port), transport: try fields.choice("protocol") ?? transport)
    }
  }

  private static func tags(_ fields: JSONFields) throws -> [Label] {
    try (fields.items("tags") ?? []).map {
      try Label($0.value.string($0.path), kind: .tag, field: $0.path)
    }
  }

  private static func metadata(_ fields: JSONFields) throws(Problem) -> [String: String] {
    var metadata: [String: String] = [:]
    for entry in try fields.entries("metadata") ?? [] {
      metadata[entry.name] = try entry.value.string(entry.path)
    }
    return metadata
  }

  /// Nil is a lease without end, which has to be asked for by null.
  private static func leaseSeconds(_ fields: JSONFields) throws(Problem) -> Int? {
    switch fields["lease_seconds"] {
    case nil: RegistryLimits.defaultLeaseSeconds
    case .null?: nil
    case _?: try fields.integer("lease_seconds", in: RegistryLimits.leaseSeconds)
    }
  }
}
