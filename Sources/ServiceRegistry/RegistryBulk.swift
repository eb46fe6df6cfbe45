// What is asked for many instances at once.

extension Registry {
  /// Registers many instances, in order, each whole or not at all, in one commit.
  package func register(
    _ registrations: [(key: InstanceKey, registration: Registration)]
  ) async throws(RegistryError) -> [Result<RegistrationReply, RegistryError>] {
    let commands = registrations.map { Command.register($0.key, $0.registration) }
    return try await submit(commands).map { result in
      result.map { outcome in
        guard case .stored(let instance, let isNew, let warnings) = outcome else {
          preconditionFailure("a registration removes nothing")
        }
        return RegistrationReply(instance: instance, isNew: isNew, warnings: warnings)
      }
    }
  }

  /// Begins many leases anew, in order; changes of status are committed together.
  ///
  /// - Returns: the instances' revisions.
  package func renew(
    _ renewals: [(key: InstanceKey, status: InstanceStatus?)]
  ) async throws(RegistryError) -> [Result<UInt64, RegistryError>] {
    var results: [Result<UInt64, RegistryError>] = []
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
      results.append(.success(member.revision))
    }
    guard !changes.isEmpty else { return results }
    for (change, result) in zip(changes, try await submit(changes.map(\.command))) {
      results[change.place] = result.map { outcome in
        guard case .stored(let view, _, _) = outcome else {
          preconditionFailure("a change of status removes nothing")
        }
        return view.instance.revision
      }
    }
    return results
  }
}
