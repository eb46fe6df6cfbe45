// The calls that register or renew many instances at once.

import Hummingbird
import JSONText
import ServiceRegistry

extension RegistryAPI {
  /// `POST /v1/instances`
  func registerMany(_ request: Request, from peer: Peer) async throws -> Response {
    let list = try await request.bulkList(.instances, sharing: bulkBodyRoom) { item, reader in
      try reader.registration(item, peer: peer)
    }
    let replies = try await registry.register(
      list.items.map { (key: $0.key, registration: $0.value.registration) })
    return list.response(replies) { item, reply, results in
      results.append(
        item.key, status: reply.isNew ? .created : .ok, reply.instance.instance.revision,
        warnings: reply.warnings + item.value.warnings)
    }
  }

  /// `POST /v1/renewals`
  func renewMany(_ request: Request) async throws -> Response {
    let list = try await request.bulkList(.renewals, sharing: bulkBodyRoom) { item, reader in
      try reader.renewal(item)
    }
    let revisions = try await registry.renew(
      list.items.map { (key: $0.key, status: $0.value) })
    return list.response(revisions) { item, revision, results in
      results.append(item.key, status: .ok, revision, warnings: [])
    }
  }
}
