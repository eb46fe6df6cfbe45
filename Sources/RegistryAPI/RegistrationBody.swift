// The body of a registration.

import DNSWire
import JSONText
import ServiceRegistry

/// What a client wants to register, and what it should know about it.
struct RegistrationBody {
  let registration: Registration
  private(set) var warnings: [String] = []

  enum Field: String, CaseIterable {
    case address, addresses, port, ports, `protocol`, weight, priority, tags, metadata, status
    case leaseSeconds = "lease_seconds"
    /// These two only where many are registered at once.
    case service, id
  }

  typealias Fields = JSONFields<Field>

  /// What was read before, with nothing to be told about it.
  init(_ registration: Registration) {
    self.registration = registration
  }

  /// - Parameter peer: whose address is taken when the body has none.
  /// - Throws: `JSONFault` for what is no such body, `RegistryError` for what it may not say.
  init(_ fields: Fields, peer: Peer) throws {
    let transport: TransportProtocol = try fields.choice(.protocol) ?? .tcp
    guard fields.has(.address) || fields.has(.addresses) || fields.has(.port) else {
      throw JSONFault("port", "at least one of address, addresses and port must be given")
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
      port: try fields.integer(.port, in: Self.portRange).map { UInt16($0) },
      ports: try Self.ports(fields, transport),
      transport: transport,
      weight: UInt16(try fields.integer(.weight, in: 1...65_535) ?? 1),
      priority: UInt16(try fields.integer(.priority, in: 0...65_535) ?? 0),
      tags: try Self.tags(fields),
      metadata: try Self.metadata(fields),
      status: try fields.choice(.status) ?? .passing,
      leaseSeconds: try Self.leaseSeconds(fields))
  }

  private static let portRange = 1...65_535

  private static func addresses(_ fields: Fields) throws(JSONFault) -> [IPAddress]? {
    guard !fields.has(.address) || !fields.has(.addresses) else {
      throw JSONFault("address", "must not be given together with addresses")
    }
    if let address = try fields.value(.address, address) { return [address] }
    return try fields.elements(.addresses, address)
  }

  private static func address(_ value: JSONValue) throws(JSONFault) -> IPAddress {
    guard let address = IPAddress(try value.requireString()) else {
      throw JSONFault("", "must be an IPv4 or IPv6 address")
    }
    return address
  }

  private enum PortField: String, CaseIterable {
    case port, `protocol`
  }

  private static func ports(
    _ fields: Fields, _ transport: TransportProtocol
  ) throws(JSONFault) -> [NamedPort] {
    try fields.members(.ports) { text, value throws(JSONFault) in
      // An underscore is put before the name.
      let name = try Label(field: text, kind: .port, limit: 62)
      guard value.kind == .object else {
        let port = try value.requireInteger(in: portRange)
        return NamedPort(name: name, port: UInt16(port), transport: transport)
      }
      let fields = try JSONFields<PortField>(value)
      guard let port = try fields.integer(.port, in: portRange) else {
        throw JSONFault("port", "is missing")
      }
      return NamedPort(
        name: name, port: UInt16(port), transport: try fields.choice(.protocol) ?? transport)
    } ?? []
  }

  private static func tags(_ fields: Fields) throws(JSONFault) -> [Label] {
    try fields.elements(.tags) { value throws(JSONFault) in
      try Label(field: value.requireString(), kind: .tag)
    } ?? []
  }

  private static func metadata(_ fields: Fields) throws -> Metadata {
    let entries = try fields.members(.metadata) { name, value throws(JSONFault) in
      (name, try value.requireString())
    }
    return try Metadata(entries ?? [])
  }

  /// Nil is a lease without end, which has to be asked for by null.
  private static func leaseSeconds(_ fields: Fields) throws(JSONFault) -> Int? {
    guard let value = fields[.leaseSeconds] else { return RegistryLimits.defaultLeaseSeconds }
    return value.isNull ? nil : try fields.integer(.leaseSeconds, in: RegistryLimits.leaseSeconds)
  }
}

extension Label {
  /// A label that a field holds.
  fileprivate init(field text: String, kind: NameKind, limit: Int = 63) throws(JSONFault) {
    do throws(RegistryError) {
      try self.init(text, kind: kind, limit: limit)
    } catch {
      guard case .badName(_, let name, let fault) = error else {
        preconditionFailure("a label has no other faults")
      }
      throw JSONFault("", "'\(name)' \(fault)")
    }
  }
}
