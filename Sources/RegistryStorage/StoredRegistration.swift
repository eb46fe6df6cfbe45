// A registration and a service's claims as JSON, legible with any SQLite tool.

import DNSWire
import JSONText
import ServiceRegistry

extension Registration {
  private enum Field: String, CaseIterable {
    case addresses, port, ports, `protocol`, weight, priority, tags, metadata, status
    case leaseSeconds = "lease_seconds"
  }

  private enum PortField: String, CaseIterable {
    case name, port, `protocol`
  }

  /// Writes the JSON of an instance's row, without what has its usual value. It is put together
  /// without a tree of values: a bulk call has it made 50,000 times in one transaction. The
  /// addresses come first and metadata last, because `RegistrationReader` looks for what instances
  /// have in common between them.
  func write(to json: inout JSONWriter) {
    json.append(verbatim: #"{"addresses":"#)
    json.append(addresses) { $0.append($1.description) }
    if let port {
      json.append(verbatim: #","port":"#)
      json.append(Int(port))
    }
    if !ports.isEmpty {
      json.append(verbatim: #","ports":"#)
      json.append(ports) { $1.write(to: &$0) }
    }
    if transport != .tcp {
      json.append(verbatim: #","protocol":"#)
      json.append(transport.rawValue)
    }
    if weight != 1 {
      json.append(verbatim: #","weight":"#)
      json.append(Int(weight))
    }
    if priority != 0 {
      json.append(verbatim: #","priority":"#)
      json.append(Int(priority))
    }
    if !tags.isEmpty {
      json.append(verbatim: #","tags":"#)
      json.append(tags) { $0.append($1.text) }
    }
    if status != .passing {
      json.append(verbatim: #","status":"#)
      json.append(status.rawValue)
    }
    // Absent: without end.
    if let leaseSeconds {
      json.append(verbatim: #","lease_seconds":"#)
      json.append(leaseSeconds)
    }
    if !metadata.isEmpty {
      json.append(verbatim: #","metadata":"#)
      metadata.write(to: &json)
    }
    json.append(verbatim: "}")
  }

  /// - Throws: `JSONFault` or `RegistryError` for what no version of Rollcall writes.
  init(stored json: JSONValue) throws {
    let fields = try JSONFields<Field>(json)
    let addresses = try fields.elements(.addresses) { value throws(JSONFault) in
      guard let address = IPAddress(try value.requireString()) else {
        throw JSONFault("", "must be an address")
      }
      return address
    }
    let tags = try fields.elements(.tags) { value throws(JSONFault) in
      try value.requireString()
    }
    let metadata = try fields.members(.metadata) { name, value throws(JSONFault) in
      (name, try value.requireString())
    }
    try self.init(
      addresses: addresses ?? [],
      port: try fields.integer(.port, in: 1...65_535).map { UInt16($0) },
      ports: try Self.ports(fields),
      transport: try fields.choice(.protocol) ?? .tcp,
      weight: UInt16(try fields.integer(.weight, in: 1...65_535) ?? 1),
      priority: UInt16(try fields.integer(.priority, in: 0...65_535) ?? 0),
      tags: try (tags ?? []).map { try Label($0, kind: .tag) },
      metadata: try Metadata(metadata ?? []),
      status: try fields.choice(.status) ?? .passing,
      leaseSeconds: try fields.integer(.leaseSeconds, in: RegistryLimits.leaseSeconds))
  }

  private static func ports(_ fields: JSONFields<Field>) throws -> [NamedPort] {
    try (fields[.ports]?.elements).map { elements in
      try elements.map { element in
        let fields = try JSONFields<PortField>(element)
        return NamedPort(
          name: try Label(fields.string(.name) ?? "", kind: .port, limit: 62),
          port: UInt16(try fields.integer(.port, in: 1...65_535) ?? 0),
          transport: try fields.choice(.protocol) ?? .tcp)
      }
    } ?? []
  }
}

extension NamedPort {
  fileprivate func write(to json: inout JSONWriter) {
    json.append(verbatim: #"{"name":"#)
    json.append(name.text)
    json.append(verbatim: #","port":"#)
    json.append(Int(port))
    json.append(verbatim: #","protocol":"#)
    json.append(transport.rawValue)
    json.append(verbatim: "}")
  }
}

extension Metadata {
  fileprivate func write(to json: inout JSONWriter) {
    var isFirst = true
    json.append(verbatim: "{")
    withEachEntry { key, value in
      if !isFirst { json.append(verbatim: ",") }
      isFirst = false
      json.append(utf8: key)
      json.append(verbatim: ":")
      json.append(utf8: value)
    }
    json.append(verbatim: "}")
  }
}

extension ServiceClaims {
  private enum Field: String, CaseIterable {
    case protocols, ports, tags
  }

  /// Writes the JSON of a service's row: the names that exist as long as the service does.
  func write(to json: inout JSONWriter) {
    json.append(verbatim: #"{"protocols":"#)
    json.append(Self.sorted(transports.map(\.rawValue))) { $0.append($1) }
    json.append(verbatim: #","ports":"#)
    // `grpc/tcp`
    json.append(Self.sorted(ports.map { "\($0.name)/\($0.transport.rawValue)" })) {
      $0.append($1)
    }
    json.append(verbatim: #","tags":"#)
    json.append(Self.sorted(tags.map(\.text))) { $0.append($1) }
    json.append(verbatim: "}")
  }

  private static func sorted(_ texts: [String]) -> [String] {
    texts.count > 1 ? texts.sorted() : texts
  }

  /// - Throws: `JSONFault` or `RegistryError` for what no version of Rollcall writes.
  init(stored json: JSONValue) throws {
    let fields = try JSONFields<Field>(json)
    func texts(_ name: Field) throws(JSONFault) -> [String] {
      try fields.elements(name) { value throws(JSONFault) in try value.requireString() } ?? []
    }
    let ports = try texts(.ports).map { text in
      let parts = text.split(separator: "/").map(String.init)
      guard parts.count == 2 else { throw JSONFault("ports", "must be names and protocols") }
      return Port(
        name: try Label(parts[0], kind: .port, limit: 62),
        transport: try TransportProtocol(named: parts[1]))
    }
    self.init(
      transports: Set(try texts(.protocols).map { try TransportProtocol(named: $0) }),
      ports: Set(ports), tags: Set(try texts(.tags).map { try Label($0, kind: .tag) }))
  }
}
