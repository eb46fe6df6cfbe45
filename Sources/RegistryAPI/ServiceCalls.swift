// The calls that show services and lists.

import Hummingbird
import JSONText
import ServiceRegistry

extension RegistryAPI {
  /// `GET /v1/services`
  func listServices(_ query: RequestQuery) async throws -> Response {
    let limit = try query.limit()
    let names = await registry.serviceNames()
    let page = Self.page(of: names, after: query["cursor"], count: limit + 1)
    let shown = page.prefix(limit)
    let summaries = await registry.summaries(of: Array(shown))
    return .json(
      .object([
        ("services", .array(summaries.map { .object($0.members) })),
        ("next_cursor", page.count > limit ? .text(shown.last?.key) : .null),
      ]))
  }

  /// `GET /v1/services/{S}`
  func show(_ name: ServiceName) async throws -> Response {
    let service = try await registry.service(name)
    let instances = service.instances.map { $0.json(registry.names) }
    return .json(.object(service.summary.members + [("instances", .array(instances))]))
  }

  /// `GET /v1/services/{S}/instances`
  func listInstances(of name: ServiceName, _ query: RequestQuery) async throws -> Response {
    let limit = try query.limit()
    let tag = try query["tag"].map { try Label($0, kind: .tag, field: "tag") }
    let status: InstanceStatus? = try query.choice("status")
    let cursor = query["cursor"] ?? ""
    let service = try await registry.service(name)
    let page = service.instances.lazy.filter { view in
      let registration = view.instance.registration
      return view.instance.key.id.key > cursor
        && tag.map(registration.tags.contains) ?? true
        && status.map { $0 == registration.status } ?? true
    }.prefix(limit + 1)
    let shown = Array(page.prefix(limit))
    return .json(
      .object([
        ("instances", .array(shown.map { $0.json(registry.names) })),
        ("revision", .integer(Int(service.summary.revision))),
        ("next_cursor", page.count > limit ? .text(shown.last?.instance.key.id.key) : .null),
      ]))
  }

  /// The first `count` of `names` after `cursor`, in order, without sorting half a million for each
  /// page.
  static func page(of names: [ServiceName], after cursor: String?, count: Int) -> [ServiceName] {
    var page: [ServiceName] = []
    var last: String?
    func keepFirst() {
      page.sort { $0.key < $1.key }
      guard page.count >= count else { return }
      page.removeSubrange(count...)
      last = page.last?.key
    }
    for name in names where cursor.map({ name.key > $0 }) ?? true {
      if let last, name.key >= last { continue }
      page.append(name)
      if page.count >= 2 * count { keepFirst() }
    }
    keepFirst()
    return page
  }
}
