// The calls that change an instance or show one.

import Hummingbird
import ServiceRegistry

extension RegistryAPI {
  /// `PUT /v1/services/{S}/instances/{I}`
  func register(
    _ key: InstanceKey, _ request: Request, from peer: Peer
  ) async throws -> Response {
    guard let body = try await request.json() else { throw Problem.emptyBody }
    let wanted = try RegistrationBody(body, peer: peer)
    let reply = try await registry.register(key, wanted.registration)
    let warnings = (reply.warnings + wanted.warnings).map(JSON.string)
    return .json(
      .object(reply.instance.members + [("warnings", .array(warnings))]),
      status: reply.isNew ? .created : .ok)
  }

  /// `DELETE /v1/services/{S}/instances/{I}`
  func deregister(_ key: InstanceKey) async throws -> Response {
    try await registry.deregister(key)
    return Response(status: .noContent)
  }

  /// `GET /v1/services/{S}/instances/{I}`
  func show(_ key: InstanceKey) async throws -> Response {
    try await .json(registry.instance(key).json)
  }

  /// `POST /v1/services/{S}/instances/{I}/renew`
  func renew(_ key: InstanceKey, _ request: Request) async throws -> Response {
    var status: InstanceStatus?
    if let body = try await request.json() {
      let fields = try JSONFields(body, known: ["status"])
      status = try fields.choice("status")
    }
    do {
      return try await .json(registry.renew(key, status: status).json)
    } catch .unknownInstance {
      throw Problem.unknownInstance(key, remedy: "; register it again")
    }
  }
}
