// The calls that register or renew many instances at once.

import Hummingbird
import JSONText
import ServiceRegistry

extension RegistryAPI {
  /// `POST /v1/instances`
  func registerMany(
    _ request: Request, by caller: Caller, from peer: Peer
  ) async throws -> Response {
    let room = bulkBodyRoom.share(of: peer.address)
    let list = try await request.bulkList(.instances, sharing: room) { item, reader in
      let item = try reader.registration(item, peer: peer)
      try caller.checkWrite(item.key.service)
      try caller.checkAddresses(item.value.registration)
      return item
    }
    let replies = try await registry.register(
      list.items.map { (key: $0.key, registration: $0.value.registration) }, within: caller.reach)
    audit.record(replies, by: caller, from: peer)
    return list.response(replies) { item, reply, results in
      results.append(
        item.key, status: reply.isNew ? .created : .ok, reply.instance.instance.revision,
        warnings: reply.warnings + item.value.warnings)
    }
  }

  /// `POST /v1/renewals`
  func renewMany(
    _ request: Request, by caller: Caller, from peer: Peer
  ) async throws -> Response {
    let room = bulkBodyRoom.share(of: peer.address)
    let list = try await request.bulkList(.renewals, sharing: room) { item, reader in
      let item = try reader.renewal(item)
      try caller.checkWrite(item.key.service)
      return item
    }
    let replies = try await registry.renew(list.items.map { (key: $0.key, status: $0.value) })
    audit.record(replies, to: list.items.map(\.key), by: caller, from: peer)
    return list.response(replies) { item, reply, results in
      results.append(item.key, status: .ok, reply.revision, warnings: [])
    }
  }
}
