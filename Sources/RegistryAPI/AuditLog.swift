// Who changed what.

import DNSWire
import Logging
import ServiceRegistry

/// Writes one line for each change that was carried out, and one for a bulk call as a whole.
///
/// All that stands in it has been checked: names of tokens, services and instances have no
/// character that could end or forge a line.
struct AuditLog: Sendable {
  let logger: Logger

  enum Change: String {
    case register, replace, status, drain, deregister, remove, reload
    case bulkRegister = "bulk-register"
    case bulkRenew = "bulk-renew"
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

  func record(
    _ replies: [Result<RegistrationReply, RegistryError>], by caller: Caller, from peer: Peer
  ) {
    var (new, replaced) = (0, 0)
    for case .success(let reply) in replies {
      switch reply.change {
      case .none: break
      case .new: new += 1
      case .replaced: replaced += 1
      }
    }
    guard new + replaced > 0 else { return }
    write(.bulkRegister, by: caller, from: peer) { line in
      line["new"] = "\(new)"
      line["replaced"] = "\(replaced)"
    }
  }

  func record(
    _ replies: [Result<BulkRenewalReply, RegistryError>], by caller: Caller, from peer: Peer
  ) {
    let count = replies.count { if case .success(let reply) = $0 { reply.isChange } else { false } }
    guard count > 0 else { return }
    write(.bulkRenew, by: caller, from: peer) { $0["status_changes"] = "\(count)" }
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
