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

  package func service(_ name: ServiceName) throws(RegistryError) -> ServiceView {
    guard let service = state.services[name] else { throw .unknownService(name) }
    let instances = service.members.values.filter { !$0.isExpired }
      .sorted { $0.instance.key.id < $1.instance.key.id }
    return ServiceView(summary: summary(service), instances: instances.map(view))
  }

  package func instance(_ key: InstanceKey) throws(RegistryError) -> InstanceView {
    guard let view = view(of: key) else { throw .unknownInstance(key) }
    return view
  }

  func view(of key: InstanceKey) -> InstanceView? {
    guard let member = state.member(key), !member.isExpired else { return nil }
    return view(member)
  }

  private func view(_ member: Service.Member) -> InstanceView {
    let lease = member.instance.registration.leaseSeconds
    return InstanceView(
      instance: member.instance, renewedAt: member.renewedAt,
      expiresAt: lease.map { member.renewedAt + WallTime($0) * 1_000 },
      names: zone.names.shown(member.instance))
  }

  private func summary(_ service: Service) -> ServiceSummary {
    ServiceSummary(
      name: service.record.name, revision: service.record.revision,
      instanceCount: service.members.values.count { !$0.isExpired },
      liveCount: service.members.values.count(where: \.isLive))
  }
}
