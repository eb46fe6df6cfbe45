// What is asked for many instances at once.

/// The reply to one of many renewals.
package struct BulkRenewalReply: Sendable {
  package let revision: UInt64
  /// Whether the status is another one now.
  package let isChange: Bool
}

extension Registry {
  /// Registers many instances, in order, each whole or not at all, in one commit.
  package func register(
    _ registrations: [(key: InstanceKey, registration: Registration)],
    within reach: ServiceReach? = nil
  ) async throws(RegistryError) -> [Result<RegistrationReply, RegistryError>] {
    let commands = registrations.map { Command.register($0.key, $0.registration, reach) }
    return try await submit(commands).map { result in
      result.map { outcome in
        guard case .stored(let instance, let change, let warnings) = outcome else {
          preconditionFailure("a registration removes nothing")
        }
        return RegistrationReply(instance: instance, change: change, warnings: warnings)
      }
    }
  }

  /// Begins many leases anew, in order; changes of status are committed together.
  ///
  /// - Returns: a reply for each.
  package func renew(
    _ renewals: [(key: InstanceKey, status: InstanceStatus?)]
  ) async throws(RegistryError) -> [Result<BulkRenewalReply, RegistryError>] {
    var results: [Result<BulkRenewalReply, RegistryError>] = []
    results.reserveCapacity(renewals.count)
    var changes: [(place: Int, command: Command)] = []
    for (place, renewal) in renewals.enumerated() {
      if place % RegistryLimits.slice == RegistryLimits.slice - 1 { await Task.yield() }
      guard let member = state.member(renewal.key), !member.isExpired else {
        results.append(.failure(.unknownInstance(renewal.key)))
        continue
      }
      // After a change, what is stored is not what a later item finds.
      let status =
        changes.isEmpty ? changedStatus(renewal.status, of: member) : renewal.status
      if let status { changes.append((place, .changeStatus(renewal.key, status))) }
      restartLease(member)
      results.append(.success(BulkRenewalReply(revision: member.revision, isChange: false)))
    }
    guard !changes.isEmpty else { return results }
    for (change, result) in zip(changes, try await submit(changes.map(\.command))) {
      results[change.place] = result.map { outcome in
        guard case .stored(let view, let change, _) = outcome else {
          preconditionFailure("a change of status removes nothing")
        }
        return BulkRenewalReply(revision: view.instance.revision, isChange: change != .none)
      }
    }
    return results
  }
}
