// The HTTP face of the registry: route, check, ask the registry, reply.

package import DNSWire
import HTTPTypes
import Hummingbird
import JSONText
package import Logging
import NIOCore
package import ServiceRegistry
import Synchronization

/// Answers HTTP requests about one registry, on any number of listeners.
package final class RegistryAPI: Sendable {
  let registry: Registry
  let version: String
  let reloadZones: @Sendable () async throws(RegistryError) -> ZoneReload
  let recordText: @Sendable (ResourceRecord) -> String
  let longReplies = LongReplies(limit: APILimits.longReplies)
  let audit: AuditLog
  let access: AccessControl
  private let logger: Logger
  let metrics: @Sendable () async -> [Metric]
  private let readyFlag = Atomic(false)
  /// Of all listeners.
  let connections: HTTPConnections
  let requests = RequestCounters()
  /// Who watches the registry.
  let broadcast: EventBroadcast
  let bulkBodyRoom = BodyRoom(octets: APILimits.bulkBodiesLength)

  /// - Parameters:
  ///   - access: lets requests in.
  ///   - version: of the program, as `/healthz` tells it.
  ///   - recordText: writes a record as a line of a master file, without its end.
  ///   - metrics: collects what `/metrics` tells.
  ///   - reloadZones: reads the zone files and has the registry take them over.
  package init(
    registry: Registry, access: AccessControl, version: String,
    connectionLimits: HTTPConnectionLimits = HTTPConnectionLimits(), logger: Logger,
    recordText: @escaping @Sendable (ResourceRecord) -> String,
    metrics: @escaping @Sendable () async -> [Metric],
    reloadZones: @escaping @Sendable () async throws(RegistryError) -> ZoneReload
  ) {
    self.registry = registry
    self.recordText = recordText
    self.metrics = metrics
    self.reloadZones = reloadZones
    self.version = version
    connections = HTTPConnections(limits: connectionLimits)
    self.logger = logger
    self.access = access
    audit = AuditLog(logger: logger)
    broadcast = EventBroadcast(names: registry.names)
    registry.setListener(broadcast)
  }

  /// What has been counted since the start.
  package var connectionCounters: HTTPConnectionCounters { connections.counters }

  /// From now on `/readyz` says 200 instead of 503.
  package func setReady() {
    readyFlag.store(true, ordering: .relaxed)
  }

  var isReady: Bool { readyFlag.load(ordering: .relaxed) }

  /// A listener on `host`, to be run once.
  ///
  /// - Parameters:
  ///   - host: an IP address.
  ///   - port: 0 lets the kernel pick one.
  ///   - tls: nil serves HTTP as it is.
  ///   - onListening: is told the port when connections are accepted; requests are answered after
  ///     it has returned.
  package func makeServer(
    host: String, port: Int, tls: TLSCredentials? = nil,
    onListening: @escaping @Sendable (_ port: Int) async -> Void
  ) -> APIServer {
    APIServer(
      api: self, host: host, port: port, tls: tls, onListening: onListening, logger: logger)
  }

  /// Whatever a client did wrong becomes a problem; errors of its connection are passed on.
  func respond(to request: Request, from peer: Peer) async throws -> Response {
    var response: Response
    let begin = requests.begin()
    defer { requests.end() }
    var note = RequestCounters.Note()
    do {
      response = try await reply(to: request, from: peer, noting: &note)
    } catch let problem as Problem {
      response = problem.response
    } catch let error as RegistryError {
      response = Problem(error).response
    }
    requests.note(note, code: response.status.code, since: begin)
    logger.debug(
      "request",
      metadata: [
        "method": "\(request.method)", "path": "\(request.uri.path)",
        "status": "\(response.status.code)",
      ])
    if request.method == .head { response = response.createHeadResponse() }
    return response
  }

  private func reply(
    to request: Request, from peer: Peer, noting note: inout RequestCounters.Note
  ) async throws -> Response {
    let route = try Route(path: request.uri.path)
    note.route = route.template
    let method = try route.method(of: request)
    note.method = request.method.rawValue
    let caller = try access.admit(request, from: peer, for: route.need(method))
    let query = try RequestQuery(request.uri.query, known: route.parameters)
    note.waits = route.waits(query)
    do {
      return try await call(route, method, query, request, by: caller, from: peer)
    } catch let error as RegistryError {
      if case .notCommitted(_, isOutcomeUnknown: true) = error {
        audit.recordUnknown(request, by: caller, from: peer)
      }
      throw error
    }
  }

  private func call(
    _ route: Route, _ method: HTTPRequest.Method, _ query: RequestQuery, _ request: Request,
    by caller: Caller, from peer: Peer
  ) async throws -> Response {
    switch (route, method) {
    case (.page(let file), _):
      return try file.response(to: request)
    case (.health, _):
      return health()
    case (.readiness, _):
      return try await readiness()
    case (.metrics, _):
      return await showMetrics()
    case (.contract, _):
      return showContract()
    case (.services, _):
      return try await listServices(query, for: caller)
    case (.service(let name), .put):
      return try await configure(ServiceName(name), request, by: caller, from: peer)
    case (.service(let name), .delete):
      return try await remove(ServiceName(name), request, by: caller, from: peer)
    case (.service(let name), _):
      return try await show(ServiceName(name), request)
    case (.instances(let name), .post):
      return try await create(in: ServiceName(name), request, by: caller, from: peer)
    case (.instances(let name), _):
      return try await listInstances(of: ServiceName(name), query, for: caller, from: peer)
    case (.instance(let service, let id), .put):
      return try await register(InstanceKey(service, id), request, by: caller, from: peer)
    case (.instance(let service, let id), .delete):
      return try await deregister(InstanceKey(service, id), request, by: caller, from: peer)
    case (.instance(let service, let id), _):
      return try await show(InstanceKey(service, id), request)
    case (.renewal(let service, let id), _):
      return try await renew(InstanceKey(service, id), request, by: caller, from: peer)
    case (.drain(let service, let id), _):
      return try await drain(InstanceKey(service, id), query, request, by: caller, from: peer)
    case (.bulkRegistration, _):
      return try await registerMany(request, by: caller, from: peer)
    case (.bulkRenewal, _):
      return try await renewMany(request, by: caller, from: peer)
    case (.explanation, _):
      return try await explain(query, for: caller)
    case (.targets, _):
      return try await listTargets(query)
    case (.zones, _):
      return await listZones()
    case (.zone(let name), _):
      return try await showZone(name)
    case (.events, _):
      return try await sendEvents(query, request, to: caller, from: peer)
    case (.zoneReload, _):
      return try await reload(request, by: caller, from: peer)
    }
  }
}

extension InstanceKey {
  fileprivate init(_ service: String, _ id: String) throws(RegistryError) {
    self.init(service: try ServiceName(service), id: try Label(id, kind: .instance))
  }
}
