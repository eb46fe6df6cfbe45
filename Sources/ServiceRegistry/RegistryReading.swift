// What can be asked of the registry without changing it.

/// A service as the API shows it in a list.
package struct ServiceSummary: Sendable {
  package let name: ServiceName
  package let revision: UInt64
  package let instanceCount: Int
  /// Instances that callers are given.
  package let liveCount: Int
}

/// A service with its instances.
package struct ServiceView: Sendable {
  package let summary: ServiceSummary
  /// In order of id.
  package let instances: [InstanceView]
}

extension Registry {
  /// The names of all services, in no order. Cheap, so that sorting half a million of them does
  /// not have to happen where leases end.
  package func serviceNames() -> [ServiceName] {
    Array(state.services.keys)
  }

  /// The services of these names that exist.
  package func summaries(of names: [ServiceName]) -> [ServiceSummary] {
    names.compactMap { state.services[$0].map(summary) }
  }

  package nonisolated func service(
    _ name: ServiceName
  ) async throws(RegistryError) -> ServiceView {
    guard let service = await held(name) else { throw .unknownService(name) }
    // Sorted and shown here, not where leases end.
    let instances = service.members.values.filter { !$0.isExpired }
      .sorted { $0.instance.key.id < $1.instance.key.id }
    return ServiceView(
      summary: summary(service),
      instances: instances.map { InstanceView($0.instance, renewedAt: $0.renewedAt) })
  }

  private func held(_ name: ServiceName) -> Service? { state.services[name] }

  package func instance(_ key: InstanceKey) throws(RegistryError) -> InstanceView {
    guard let member = state.member(key), !member.isExpired else {
      throw .unknownInstance(key)
    }
    return InstanceView(member.instance, renewedAt: member.renewedAt)
  }

  private nonisolated func summary(_ service: Service) -> ServiceSummary {
    ServiceSummary(
      name: service.record.name, revision: service.record.revision,
      instanceCount: service.members.values.count { !$0.isExpired },
      liveCount: service.members.values.count(where: \.isLive))
  }
}
