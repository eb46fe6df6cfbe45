// A copy of a service's instances that its events keep up to date.

import DNSWire
import FoundationEssentials

/// Decides alone what the list and the events of the HTTP API mean.
struct WatchedService {
  /// What an event changes.
  enum Effect {
    case nothing
    case endpoints
    /// What was missed can't be told: the list is to be read again.
    case outdated
  }

  /// One page of the list of instances.
  struct Page: Decodable {
    let instances: [ShownInstance]
    let revision: Int?
    let nextCursor: String?

    private enum CodingKeys: String, CodingKey {
      case instances
      case revision
      case nextCursor = "next_cursor"
    }
  }

  /// An instance as the API shows it.
  struct ShownInstance: Decodable {
    struct Names: Decodable {
      let host: String
    }

    let id: String
    let addresses: [String]
    let port: Int?
    let weight: Int
    let priority: Int
    let status: String
    let names: Names
  }

  private struct Change: Decodable {
    let id: String?
    let revision: Int
    let instance: ShownInstance?
  }

  private let prefersV6: Bool
  private var instances: [String: ShownInstance] = [:]
  /// What the list showed already.
  private var revision = 0

  init(prefersV6: Bool) {
    self.prefersV6 = prefersV6
  }

  /// Takes over a list; without pages the service does not exist.
  mutating func replace(with pages: [Page]) {
    instances = [:]
    for instance in pages.flatMap(\.instances) { instances[instance.id] = instance }
    // Pages are made one after another: what happens meanwhile comes as an event.
    revision = pages.first?.revision ?? 0
  }

  mutating func apply(_ event: StreamEvent) throws(RollcallError) -> Effect {
    guard event.kind != "reset" else { return .outdated }
    // What has no id is no change of an instance.
    guard event.id != nil else { return .nothing }
    let change: Change
    do {
      change = try JSONDecoder().decode(Change.self, from: Data(event.data.utf8))
    } catch {
      throw RollcallError(.unreadable, "the server sends no events that can be read: \(error)")
    }
    guard change.revision > revision else { return .nothing }
    if let id = change.id {
      instances[id] = change.instance
    } else if event.kind == "service-removed" {
      instances = [:]
    }
    return .endpoints
  }

  /// Those of the live instances that have a port, in order of id.
  var endpoints: [Endpoint] {
    instances.values.sorted { $0.id < $1.id }.compactMap(endpoint)
  }

  private func endpoint(_ instance: ShownInstance) -> Endpoint? {
    guard ["passing", "warning"].contains(instance.status), let port = instance.port else {
      return nil
    }
    let isPreferred = { (address: String) in IPAddress(address)?.isV4 != prefersV6 }
    guard let address = instance.addresses.first(where: isPreferred) ?? instance.addresses.first
    else { return nil }
    let host = instance.names.host
    return Endpoint(
      address: address, port: port, host: host.hasSuffix(".") ? String(host.dropLast()) : host,
      weight: instance.weight, priority: instance.priority)
  }
}
