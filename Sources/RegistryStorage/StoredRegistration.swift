// A registration and a service's claims as JSON, legible with any SQLite tool.

import DNSWire
import FoundationEssentials
import ServiceRegistry

/// The JSON of an instance's row.
struct StoredRegistration: Codable {
  var addresses: [String]
  var port: UInt16?
  var ports: [Port]?
  var `protocol`: TransportProtocol
  var weight: UInt16
  var priority: UInt16
  var tags: [String]?
  var metadata: [String: String]?
  var status: InstanceStatus
  /// Absent: without end.
  var leaseSeconds: Int?

  enum CodingKeys: String, CodingKey {
    case addresses, port, ports, `protocol`, weight, priority, tags, metadata, status
    case leaseSeconds = "lease_seconds"
  }

  struct Port: Codable {
    var name: String
    var port: UInt16
    var `protocol`: TransportProtocol
  }

  init(_ registration: Registration) {
    addresses = registration.addresses.map(\.description)
    port = registration.port
    ports = registration.ports.map {
      Port(name: $0.name.text, port: $0.port, protocol: $0.transport)
    }
    `protocol` = registration.transport
    weight = registration.weight
    priority = registration.priority
    tags = registration.tags.map(\.text)
    metadata = registration.metadata
    status = registration.status
    leaseSeconds = registration.leaseSeconds
  }

  func registration() throws -> Registration {
    try Registration(
      addresses: addresses.map { text in
        guard let address = IPAddress(text) else { throw StoredValueError.badAddress(text) }
        return address
      },
      port: port,
      ports: (ports ?? []).map {
        NamedPort(
          name: try Label($0.name, kind: .port, limit: 62), port: $0.port, transport: $0.protocol)
      },
      transport: `protocol`, weight: weight, priority: priority,
      tags: (tags ?? []).map { try Label($0, kind: .tag) }, metadata: metadata ?? [:],
      status: status, leaseSeconds: leaseSeconds)
  }
}

/// The JSON of a service's row: the names that exist as long as the service does.
struct StoredClaims: Codable {
  var protocols: [TransportProtocol]
  /// `grpc/tcp`
  var ports: [String]
  var tags: [String]

  init(_ claims: ServiceClaims) {
    protocols = claims.transports.sorted { $0.rawValue < $1.rawValue }
    ports = claims.ports.map { "\($0.name)/\($0.transport.rawValue)" }.sorted()
    tags = claims.tags.map(\.text).sorted()
  }

  func claims() throws -> ServiceClaims {
    let ports = try ports.map { text in
      let parts = text.split(separator: "/")
      guard parts.count == 2, let transport = TransportProtocol(rawValue: String(parts[1])) else {
        throw StoredValueError.badPort(text)
      }
      return ServiceClaims.Port(
        name: try Label(String(parts[0]), kind: .port, limit: 62), transport: transport)
    }
    return ServiceClaims(
      transports: Set(protocols), ports: Set(ports),
      tags: Set(try tags.map { try Label($0, kind: .tag) }))
  }
}

/// A row that no version of Rollcall writes.
enum StoredValueError: Error {
  case badAddress(String)
  case badPort(String)
}

extension Decodable {
  init(json: String) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(json.utf8))
  }
}

extension Encodable {
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
