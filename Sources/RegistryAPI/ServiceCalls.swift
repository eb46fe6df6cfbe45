// The calls that show services and lists, or remove a service.

import Hummingbird
import JSONText
import ServiceRegistry

extension RegistryAPI {
  /// `GET /v1/services`
  func listServices(_ query: RequestQuery, for caller: Caller) async throws -> Response {
    let limit = try query.limit()
    let search = try query.search()
    let names = await registry.serviceNames()
    // Hidden ones are out before pages are made: neither their number nor a cursor tells of them.
    let page = Self.page(of: names, after: query["cursor"], count: limit + 1) { name in
      search.map { $0.finds(name) } ?? true && caller.covers(name)
    }
    let shown = page.prefix(limit)
    let summaries = await registry.summaries(of: Array(shown))
    return .json {
      $0.append(verbatim: #"{"services":"#)
      $0.append(summaries) { $0.append($1) }
      $0.append(verbatim: #","next_cursor":"#)
      $0.append(page.count > limit ? .text(shown.last?.key) : .null)
      $0.append(verbatim: "}")
    }
  }

  /// `GET /v1/services/{S}`
  func show(_ name: ServiceName, _ request: Request) async throws -> Response {
    let service = try await registry.service(name)
    let revision = service.summary.revision
    guard try !request.isKnown(revision) else {
      return Response(status: .notModified).tagged(revision)
    }
    return Response.json {
      $0.append(service.summary) {
        $0.append(verbatim: #","instances":"#)
        $0.append(service.instances) { $0.append($1, registry.names) }
      }
    }.tagged(revision)
  }

  /// `PUT /v1/services/{S}`
  func configure(
    _ name: ServiceName, _ request: Request, by caller: Caller, from peer: Peer
  ) async throws -> Response {
    let settings: ServiceSettings? = try await request.json { body in
      let fields = try JSONFields<SettingsField>(body)
      return try ServiceSettings(
        ttl: Self.number(fields, .ttl, RegistryLimits.ttlSeconds),
        maxAnswers: Self.number(fields, .maxAnswers, RegistryLimits.maxAnswers))
    }
    guard let settings else { throw Problem.emptyBody }
    let reply = try await registry.configure(
      name, settings, within: caller.reach, if: request.precondition())
    if reply.isChange { audit.record(.configure, of: name, by: caller, from: peer) }
    return Response.json(status: reply.isNew ? .created : .ok) { $0.append(reply.service) }
      .tagged(reply.service.revision)
  }

  /// Nil for null, too: what is set no longer.
  private static func number(
    _ fields: JSONFields<SettingsField>, _ field: SettingsField, _ range: ClosedRange<Int>
  ) throws(JSONFault) -> Int? {
    let value = try fields.value(field) { value throws(JSONFault) in
      value.isNull ? nil : try value.requireInteger(in: range)
    }
    return value ?? nil
  }

  private enum SettingsField: String, CaseIterable {
    case ttl = "ttl_seconds"
    case maxAnswers = "max_answers"
  }

  /// `DELETE /v1/services/{S}`
  func remove(
    _ name: ServiceName, _ request: Request, by caller: Caller, from peer: Peer
  ) async throws -> Response {
    try await registry.remove(name, if: request.precondition())
    audit.record(.remove, of: name, by: caller, from: peer)
    return Response(status: .noContent)
  }

  /// `GET /v1/services/{S}/instances`
  func listInstances(
    of name: ServiceName, _ query: RequestQuery, for caller: Caller, from peer: Peer
  ) async throws -> Response {
    let limit = try query.limit()
    let wait = try query.changeWait()
    let search = try query.search()
    let tag = try query["tag"].map { try Label($0, kind: .tag, field: "tag") }
    let status: ShownStatus? = try query.choice("status")
    let cursor = query["cursor"] ?? ""
    if let wait { try await waitForChange(of: name, wait, for: caller, from: peer) }
    let service = try await registry.service(name)
    let page = service.instances.lazy.filter { view in
      let registration = view.instance.registration
      return view.instance.key.id.key > cursor
        && search.map { $0.finds(view.instance.key, registration) } ?? true
        && tag.map(registration.tags.contains) ?? true
        && status.map { $0 == view.status } ?? true
    }.prefix(limit + 1)
    let shown = Array(page.prefix(limit))
    return .json {
      $0.append(verbatim: #"{"instances":"#)
      $0.append(shown) { $0.append($1, registry.names) }
      $0.append(verbatim: #","revision":"#)
      $0.append(Int(service.summary.revision))
      $0.append(verbatim: #","instance_count":"#)
      $0.append(service.summary.instanceCount)
      $0.append(verbatim: #","live_count":"#)
      $0.append(service.summary.liveCount)
      $0.append(verbatim: #","next_cursor":"#)
      $0.append(page.count > limit ? .text(shown.last?.instance.key.id.key) : .null)
      $0.append(verbatim: "}")
    }
  }

  /// The first `count` of `names` after `cursor` that are shown, in order, without sorting half a
  /// million for each page.
  static func page(
    of names: [ServiceName], after cursor: String?, count: Int,
    _ isShown: (ServiceName) -> Bool = { _ in true }
  ) -> [ServiceName] {
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
      guard isShown(name) else { continue }
      page.append(name)
      if page.count >= 2 * count { keepFirst() }
    }
    keepFirst()
    return page
  }
}
