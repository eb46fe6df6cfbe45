// What Prometheus is to scrape, in the form of its HTTP service discovery.

import DNSWire
import Hummingbird
import JSONText
import NIOCore
import ServiceRegistry

extension RegistryAPI {
  /// `GET /v1/prometheus/targets`
  func listTargets(_ query: RequestQuery) async throws -> Response {
    let service = try query["service"].map { text throws(RegistryError) in try ServiceName(text) }
    let targets = PrometheusTargets(
      tag: try query["tag"].map { try Label($0, kind: .tag, field: "tag") },
      portName: try query["port"].map { try Label($0, kind: .port, field: "port") },
      names: registry.names)
    let services: [ServiceName]
    if let service { services = [service] } else { services = await registry.serviceNames() }
    let place = try longReplies.takePlace()
    return Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody { [registry] writer in
        defer { withExtendedLifetime(place) {} }
        var walk = RegistryWalk(services)
        var json = JSONWriter()
        json.append(verbatim: "[")
        var isFirst = true
        while !walk.isAtEnd {
          for view in await registry.liveInstances(&walk) {
            targets.append(view, to: &json, isFirst: &isFirst)
          }
          // A chunk without octets would be the last one (RFC 9112 section 7.1).
          guard !json.octets.isEmpty else { continue }
          try await writer.write(ByteBuffer(bytes: json.octets))
          json.removeAll()
        }
        json.append(verbatim: "]\n")
        try await writer.write(ByteBuffer(bytes: json.octets))
        try await writer.finish(nil)
      })
  }
}

/// Makes a group of one target of each instance that is wanted and has a port to scrape.
struct PrometheusTargets: Sendable {
  let tag: Label?
  /// Nil: the default port.
  let portName: Label?
  let names: OwnerNames

  func append(_ view: InstanceView, to json: inout JSONWriter, isFirst: inout Bool) {
    let registration = view.instance.registration
    guard tag.map(registration.tags.contains) ?? true, let port = port(of: registration),
      let address = registration.addresses.first
    else { return }
    if !isFirst { json.append(verbatim: ",") }
    isFirst = false
    let host = address.isV4 ? "\(address)" : "[\(address)]"
    json.append(
      .object([
        ("targets", .array([.string("\(host):\(port)")])), ("labels", .object(labels(of: view))),
      ]))
  }

  /// Prometheus asks over TCP only.
  private func port(of registration: Registration) -> UInt16? {
    guard let portName else { return registration.transport == .tcp ? registration.port : nil }
    return registration.ports.first { $0.name == portName && $0.transport == .tcp }?.port
  }

  /// With the beginning that Prometheus drops after relabelling, and tags between commas, so that
  /// `.*,v2,.*` finds one.
  private func labels(of view: InstanceView) -> [(name: String, value: JSON)] {
    let instance = view.instance
    let tags = instance.registration.tags.map { "\($0)," }.joined()
    var labels: [(name: String, value: JSON)] = [
      ("__meta_rollcall_service", .string(instance.key.service.text)),
      ("__meta_rollcall_id", .string(instance.key.id.text)),
      ("__meta_rollcall_host", .string(names.shown(instance).host)),
      ("__meta_rollcall_status", .string(view.status.rawValue)),
      ("__meta_rollcall_tags", .string(tags.isEmpty ? "" : ",\(tags)")),
    ]
    if let portName { labels.append(("__meta_rollcall_port", .string(portName.text))) }
    var known: Set<String> = []
    for (key, value) in instance.registration.metadata.entries {
      let name = "__meta_rollcall_metadata_" + Self.labelName(key)
      if known.insert(name).inserted { labels.append((name, .string(value))) }
    }
    return labels
  }

  /// A label's name has letters, digits and underscores only.
  private static func labelName(_ key: String) -> String {
    String(
      decoding: key.utf8.map { $0.isLetterDigitOrHyphen && $0 != 0x2D ? $0 : 0x5F },
      as: UTF8.self)
  }
}
