// Who changed what.

import DNSWire
import Hummingbird
import Logging
import ServiceRegistry

/// Writes one line for each change that was carried out, or one for all of a bulk call that changes
/// more than ``namedChanges``.
///
/// All that stands in it has been checked: names of tokens, services and instances have no
/// character that could end or forge a line.
struct AuditLog: Sendable {
  let logger: Logger

  enum Change: String {
    case register, replace, status, drain, deregister, configure, remove, reload
    case bulkRegister = "bulk-register"
    case bulkRenew = "bulk-renew"
    case unknown = "outcome-unknown"
  }

  // MARK: One instance

  func record(_ reply: RegistrationReply, by caller: Caller, from peer: Peer) {
    switch reply.change {
    case .none: break
    case .new: record(.register, reply.instance, by: caller, from: peer)
    case .replaced: record(.replace, reply.instance, by: caller, from: peer)
    }
  }

  func record(_ change: Change, _ view: InstanceView, by caller: Caller, from peer: Peer) {
    record(
      change, of: view.instance.key, revision: view.instance.revision, by: caller, from: peer)
  }

  func record(
    _ change: Change, of key: InstanceKey, revision: UInt64? = nil, by caller: Caller,
    from peer: Peer
  ) {
    write(change, by: caller, from: peer) { line in
      line["service"] = "\(key.service)"
      line["id"] = "\(key.id)"
      if let revision { line["revision"] = "\(revision)" }
    }
  }

  // MARK: Many, and all

  func record(_ change: Change, of service: ServiceName, by caller: Caller, from peer: Peer) {
    write(change, by: caller, from: peer) { $0["service"] = "\(service)" }
  }

  /// Changes of one bulk call that get a line each; a line for each of 50,000 would cost more than
  /// carrying them out.
  static let namedChanges = 100
  /// Services that the line for all of a larger call names.
  static let namedServices = 20

  func record(
    _ replies: [Result<RegistrationReply, RegistryError>], by caller: Caller, from peer: Peer
  ) {
    let changes = replies.compactMap { result -> RegistrationReply? in
      guard case .success(let reply) = result, reply.change != .none else { return nil }
      return reply
    }
    guard changes.count > Self.namedChanges else {
      for change in changes { record(change, by: caller, from: peer) }
      return recordUnknown(replies, .register, by: caller, from: peer)
    }
    write(.bulkRegister, by: caller, from: peer) { line in
      let new = changes.count { $0.change == .new }
      line["new"] = "\(new)"
      line["replaced"] = "\(changes.count - new)"
      line["services"] = Self.services(changes.lazy.map(\.instance.instance.key))
    }
    recordUnknown(replies, .register, by: caller, from: peer)
  }

  /// - Parameter keys: of the items that `replies` are to.
  func record(
    _ replies: [Result<BulkRenewalReply, RegistryError>], to keys: [InstanceKey],
    by caller: Caller, from peer: Peer
  ) {
    let changes = zip(keys, replies).compactMap { key, result -> (InstanceKey, UInt64)? in
      guard case .success(let reply) = result, reply.isChange else { return nil }
      return (key, reply.revision)
    }
    guard changes.count > Self.namedChanges else {
      for (key, revision) in changes {
        record(.status, of: key, revision: revision, by: caller, from: peer)
      }
      return recordUnknown(replies, .status, by: caller, from: peer)
    }
    write(.bulkRenew, by: caller, from: peer) { line in
      line["status_changes"] = "\(changes.count)"
      line["services"] = Self.services(changes.lazy.map(\.0))
    }
    recordUnknown(replies, .status, by: caller, from: peer)
  }

  /// The first names of their services, in order.
  private static func services(
    _ keys: some Sequence<InstanceKey>
  ) -> Logger.MetadataValue {
    let names = Set(keys.map(\.service)).map(\.description).sorted()
    let more = names.count - namedServices
    let named = names.prefix(namedServices).joined(separator: ",")
    return "\(named)\(more > 0 ? " and \(more) more" : "")"
  }

  // MARK: What may have been carried out

  /// A change whose commit failed so that it may be in effect after a restart.
  func recordUnknown(_ request: Request, by caller: Caller, from peer: Peer) {
    write(.unknown, by: caller, from: peer) { line in
      line["method"] = "\(request.method)"
      line["path"] = "\(request.uri.path)"
    }
  }

  private func recordUnknown<Reply>(
    _ replies: [Result<Reply, RegistryError>], _ change: Change, by caller: Caller,
    from peer: Peer
  ) {
    let count = replies.count { result in
      if case .failure(.notCommitted(_, isOutcomeUnknown: true)) = result { true } else { false }
    }
    guard count > 0 else { return }
    write(.unknown, by: caller, from: peer) { line in
      line["changes"] = "\(count)"
      line["asked"] = "\(change.rawValue)"
    }
  }

  func recordReload(by caller: Caller, from peer: Peer) {
    write(.reload, by: caller, from: peer) { _ in }
  }

  private func write(
    _ change: Change, by caller: Caller, from peer: Peer,
    _ describe: (inout Logger.Metadata) -> Void
  ) {
    // Making the texts costs more than asking.
    guard logger.logLevel <= .info else { return }
    var line: Logger.Metadata = [
      "what": "\(change.rawValue)", "by": "\(caller.name)",
      "from": "\(peer.address?.description ?? "unknown")",
    ]
    describe(&line)
    logger.info("audit", metadata: line)
  }
}
