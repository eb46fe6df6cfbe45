// The calls that change an instance or show one.

import HTTPTypes
import Hummingbird
import JSONText
import ServiceLifecycle
import ServiceRegistry

extension RegistryAPI {
  /// `PUT /v1/services/{S}/instances/{I}`
  func register(
    _ key: InstanceKey, _ request: Request, by caller: Caller, from peer: Peer
  ) async throws -> Response {
    let wanted = try await registration(in: request, by: caller, from: peer)
    let reply = try await registry.register(
      key, wanted.registration, within: caller.reach, if: request.precondition())
    audit.record(reply, by: caller, from: peer)
    return show(reply, warnings: wanted.warnings, status: reply.isNew ? .created : .ok)
  }

  /// `POST /v1/services/{S}/instances`
  ///
  /// A key of the client's makes the id, so a repetition finds the instance that the first call
  /// has made.
  func create(
    in service: ServiceName, _ request: Request, by caller: Caller, from peer: Peer
  ) async throws -> Response {
    let key = try request.idempotencyKey()
    let wanted = try await registration(in: request, by: caller, from: peer)
    let id: Label
    let precondition: Precondition
    if let key {
      id = try InstanceID.derived(from: key, service, of: caller.name)
      precondition = Precondition(registration: wanted.registration)
    } else {
      var generator = SystemRandomNumberGenerator()
      id = try InstanceID.random(using: &generator)
      precondition = Precondition(noneMatch: .any)
    }
    let reply = try await registry.register(
      InstanceKey(service: service, id: id), wanted.registration, within: caller.reach,
      if: precondition)
    audit.record(reply, by: caller, from: peer)
    var response = show(reply, warnings: wanted.warnings, status: .created)
    response.headers[.location] = "/v1/services/\(service)/instances/\(id)"
    return response
  }

  private func registration(
    in request: Request, by caller: Caller, from peer: Peer
  ) async throws -> RegistrationBody {
    let wanted = try await request.json { body in
      try RegistrationBody(RegistrationBody.Fields(body, except: [.service, .id]), peer: peer)
    }
    guard let wanted else { throw Problem.emptyBody }
    try caller.checkAddresses(wanted.registration)
    return wanted
  }

  private func show(
    _ reply: RegistrationReply, warnings: [String], status: HTTPResponse.Status
  ) -> Response {
    Response.json(status: status) {
      $0.append(reply.instance, registry.names, warnings: reply.warnings + warnings)
    }.tagged(reply.instance)
  }

  /// `DELETE /v1/services/{S}/instances/{I}`
  func deregister(
    _ key: InstanceKey, _ request: Request, by caller: Caller, from peer: Peer
  ) async throws -> Response {
    try await registry.deregister(key, if: request.precondition())
    audit.record(.deregister, of: key, by: caller, from: peer)
    return Response(status: .noContent)
  }

  /// `GET /v1/services/{S}/instances/{I}`
  func show(_ key: InstanceKey, _ request: Request) async throws -> Response {
    let view = try await registry.instance(key)
    guard try !request.isKnown(view.instance.revision) else {
      return Response(status: .notModified).tagged(view)
    }
    return show(view)
  }

  private func show(_ view: InstanceView) -> Response {
    Response.json { $0.append(view, registry.names) }.tagged(view)
  }

  /// `POST /v1/services/{S}/instances/{I}/renew`
  func renew(
    _ key: InstanceKey, _ request: Request, by caller: Caller, from peer: Peer
  ) async throws -> Response {
    let status: InstanceStatus?? = try await request.json { body in
      try JSONFields<RenewalField>(body).choice(.status)
    }
    let precondition = try request.precondition()
    do {
      let reply = try await registry.renew(key, status: status ?? nil, if: precondition)
      if reply.isChange { audit.record(.status, reply.view, by: caller, from: peer) }
      return show(reply.view)
    } catch {
      // What may have been carried out is told to others as the error that it is.
      guard case .unknownInstance = error else { throw error }
      throw Problem(error, of: key)
    }
  }

  /// `POST /v1/services/{S}/instances/{I}/drain[?wait=true]`
  func drain(
    _ key: InstanceKey, _ query: RequestQuery, _ request: Request, by caller: Caller,
    from peer: Peer
  ) async throws -> Response {
    let isWaiting = try query.flag("wait")
    try await request.refuseMembers()
    let precondition = try request.precondition()
    let note: @Sendable (InstanceReply) async -> Void = { [audit] reply in
      if reply.isChange { audit.record(.drain, reply.view, by: caller, from: peer) }
    }
    guard isWaiting else {
      let reply = try await registry.drain(key, if: precondition)
      await note(reply)
      return show(reply.view)
    }
    let drain = Task { [registry] in
      try await registry.drainAndWait(key, if: precondition, whenDraining: note)
    }
    peer.whenGone { drain.cancel() }
    let (view, end) = try await withTaskCancellationOrGracefulShutdownHandler {
      try await drain.value
    } onCancelOrGracefulShutdown: {
      drain.cancel()
    }
    switch end {
    case .removed: return show(view)
    case .registered: throw Problem.drainEnded(key)
    case .abandoned: throw Problem.waitAbandoned
    }
  }

  private enum RenewalField: String, CaseIterable {
    case status
  }
}

extension Request {
  /// What the client calls its wish, to have it fulfilled once however often it is sent.
  fileprivate func idempotencyKey() throws(Problem) -> String? {
    guard let name = HTTPField.Name("Idempotency-Key") else { return nil }
    let fields = headers[values: name]
    guard let key = fields.first else { return nil }
    let limit = APILimits.idempotencyKeyLength
    guard fields.count == 1, (1...limit).contains(key.utf8.count),
      key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else {
      throw .badField(
        name.rawName, "must be given once, with 1 to \(limit) visible ASCII characters",
        limit: limit)
    }
    return key
  }
}
