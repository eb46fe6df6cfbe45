// What can be asked of the registry without changing it.

/// A service as the API shows it in a list.
package struct ServiceSummary: Sendable {
  package let name: ServiceName
  package let revision: UInt64
  package let instanceCount: Int
  /// Instances that callers are given.
  package let liveCount: Int
  package let settings: ServiceSettings
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
    names.compactMap { state.services[$0].map { summary($0.record) } }
  }

  package func service(_ name: ServiceName) throws(RegistryError) -> ServiceView {
    guard let service = state.services[name] else { throw .unknownService(name) }
    return ServiceView(
      summary: summary(service.record),
      instances: service.members.lazy.filter { !$0.isExpired }
        .map { InstanceView($0.instance, renewedAt: $0.renewedAt) })
  }

  package func instance(_ key: InstanceKey) throws(RegistryError) -> InstanceView {
    guard let member = state.member(key), !member.isExpired else {
      throw .unknownInstance(key)
    }
    return InstanceView(member.instance, renewedAt: member.renewedAt)
  }

  /// - Parameter record: of a service that is there, or was a moment ago.
  func summary(_ record: ServiceRecord) -> ServiceSummary {
    let members = state.services[record.name]?.members ?? []
    return ServiceSummary(
      name: record.name, revision: record.revision,
      instanceCount: members.count { !$0.isExpired }, liveCount: members.count(where: \.isLive),
      settings: record.settings)
  }
}
