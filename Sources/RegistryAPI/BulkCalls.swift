// The calls that register or renew many instances at once.

import Hummingbird
import JSONText
import ServiceRegistry

extension RegistryAPI {
  /// `POST /v1/instances`
  func registerMany(_ request: Request, from peer: Peer) async throws -> Response {
    let list = try await request.bulkList(.instances) { (fields: RegistrationBody.Fields) in
      BulkItem(
        key: try InstanceKey(fields[.service], fields[.id]),
        value: try RegistrationBody(fields, peer: peer))
    }
    let replies = try await registry.register(
      list.items.map { (key: $0.key, registration: $0.value.registration) })
    return list.response(replies) { item, reply, results in
      results.append(
        item.key, status: reply.isNew ? .created : .ok, reply.instance.instance.revision,
        warnings: reply.warnings + item.value.warnings)
    }
  }

  private enum RenewalField: String, CaseIterable {
    case service, id, status
  }

  /// `POST /v1/renewals`
  func renewMany(_ request: Request) async throws -> Response {
    let list = try await request.bulkList(.renewals) { (fields: JSONFields<RenewalField>) in
      BulkItem(
        key: try InstanceKey(fields[.service], fields[.id]),
        value: try fields.choice(.status) as InstanceStatus?)
    }
    let revisions = try await registry.renew(
      list.items.map { (key: $0.key, status: $0.value) })
    return list.response(revisions) { item, revision, results in
      results.append(item.key, status: .ok, revision, warnings: [])
    }
  }
}

extension InstanceKey {
  /// The instance that two members of an item name.
  fileprivate init(_ service: JSONValue?, _ id: JSONValue?) throws {
    guard let service else { throw JSONFault("service", "is missing") }
    guard let id else { throw JSONFault("id", "is missing") }
    guard let service = service.string else { throw JSONFault("service", "must be a string") }
    guard let id = id.string else { throw JSONFault("id", "must be a string") }
    self.init(service: try ServiceName(service), id: try Label(id, kind: .instance))
  }
}
