// The HTTP face of the registry: route, check, ask the registry, reply.

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
  private let hostCheck: HostCheck
  private let logger: Logger
  let metrics: @Sendable () async -> [Metric]
  private let readyFlag = Atomic(false)
  /// Of all listeners.
  let connections: HTTPConnections
  let bulkBodyRoom = BodyRoom(octets: APILimits.bulkBodiesLength)

  /// - Parameters:
  ///   - allowedHosts: host names, without ports, that requests may be addressed to besides
  ///     `localhost` and the address that they arrive at.
  ///   - version: of the program, as `/healthz` tells it.
  ///   - metrics: collects what `/metrics` tells.
  ///   - reloadZones: reads the zone files and has the registry take them over.
  package init(
    registry: Registry, allowedHosts: [String], version: String,
    connectionLimits: HTTPConnectionLimits = HTTPConnectionLimits(), logger: Logger,
    metrics: @escaping @Sendable () async -> [Metric],
    reloadZones: @escaping @Sendable () async throws(RegistryError) -> ZoneReload
  ) {
    self.registry = registry
    self.metrics = metrics
    self.reloadZones = reloadZones
    self.version = version
    connections = HTTPConnections(limits: connectionLimits)
    self.logger = logger
    hostCheck = HostCheck(allowedHosts: allowedHosts)
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
  ///   - onListening: is told the port when connections are accepted; requests are answered after
  ///     it has returned.
  package func makeServer(
    host: String, port: Int, onListening: @escaping @Sendable (_ port: Int) async -> Void
  ) -> APIServer {
    APIServer(api: self, host: host, port: port, onListening: onListening, logger: logger)
  }

  /// Whatever a client did wrong becomes a problem; errors of its connection are passed on.
  func respond(to request: Request, from peer: Peer) async throws -> Response {
    var response: Response
    do {
      response = try await reply(to: request, from: peer)
    } catch let problem as Problem {
      response = problem.response
    } catch let error as RegistryError {
      response = Problem(error).response
    }
    logger.debug(
      "request",
      metadata: [
        "method": "\(request.method)", "path": "\(request.uri.path)",
        "status": "\(response.status.code)",
      ])
    if request.method == .head { response = response.createHeadResponse() }
    return response
  }

  private func reply(to request: Request, from peer: Peer) async throws -> Response {
    try hostCheck.check(request, arrivedAt: peer.localAddress)
    let route = try Route(path: request.uri.path)
    let query = try RequestQuery(request.uri.query, known: route.parameters)
    switch (route, try route.method(of: request)) {
    case (.health, _):
      return health()
    case (.readiness, _):
      return try await readiness()
    case (.metrics, _):
      return await showMetrics()
    case (.services, _):
      return try await listServices(query)
    case (.service(let name), .delete):
      return try await remove(ServiceName(name))
    case (.service(let name), _):
      return try await show(ServiceName(name))
    case (.instances(let name), _):
      return try await listInstances(of: ServiceName(name), query)
    case (.instance(let service, let id), .put):
      return try await register(InstanceKey(service, id), request, from: peer)
    case (.instance(let service, let id), .delete):
      return try await deregister(InstanceKey(service, id))
    case (.instance(let service, let id), _):
      return try await show(InstanceKey(service, id))
    case (.renewal(let service, let id), _):
      return try await renew(InstanceKey(service, id), request)
    case (.drain(let service, let id), _):
      return try await drain(InstanceKey(service, id), query, request, from: peer)
    case (.bulkRegistration, _):
      return try await registerMany(request, from: peer)
    case (.bulkRenewal, _):
      return try await renewMany(request)
    case (.zoneReload, _):
      return try await reload(request)
    }
  }
}

extension InstanceKey {
  fileprivate init(_ service: String, _ id: String) throws(RegistryError) {
    self.init(service: try ServiceName(service), id: try Label(id, kind: .instance))
  }
}
