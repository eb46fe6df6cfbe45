// Instances and services as replies show them.

import DNSWire
import JSONText
import ServiceRegistry

extension InstanceView {
  func json(_ names: OwnerNames) -> JSON { .object(members(names)) }

  func members(_ names: OwnerNames) -> [(String, JSON)] {
    let shown = names.shown(instance)
    return [
      ("service", .string(instance.key.service.text)), ("id", .string(instance.key.id.text)),
    ]
      + instance.registration.members + [
        ("revision", .integer(Int(instance.revision))),
        ("registered_at", .string(timestamp(instance.registeredAt))),
        ("renewed_at", .string(timestamp(renewedAt))),
        ("expires_at", .text(expiresAt.map(timestamp))),
        (
          "names",
          .object([
            ("host", .string(shown.host)), ("srv", .array(shown.srv.map(JSON.string))),
          ])
        ),
      ]
  }
}

extension Registration {
  fileprivate var members: [(String, JSON)] {
    [
      ("addresses", .array(addresses.map { .string($0.description) })),
      ("port", port.map { .integer(Int($0)) } ?? .null),
      ("ports", .object(ports.map { ($0.name.text, $0.json) })),
      ("protocol", .string(transport.rawValue)),
      ("weight", .integer(Int(weight))),
      ("priority", .integer(Int(priority))),
      ("tags", .array(tags.map { .string($0.text) })),
      (
        "metadata",
        .object(metadata.entries.map { ($0.key, .string($0.value)) })
      ),
      ("status", .string(status.rawValue)),
      ("lease_seconds", leaseSeconds.map(JSON.integer) ?? .null),
    ]
  }
}

extension NamedPort {
  fileprivate var json: JSON {
    .object([("port", .integer(Int(port))), ("protocol", .string(transport.rawValue))])
  }
}

extension ServiceSummary {
  var members: [(String, JSON)] {
    [
      ("name", .string(name.text)), ("revision", .integer(Int(revision))),
      ("instance_count", .integer(instanceCount)), ("live_count", .integer(liveCount)),
    ]
  }
}
