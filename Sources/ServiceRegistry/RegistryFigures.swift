// What the registry counts.

/// How much there is, and what has happened since the start of the program.
package struct RegistryFigures: Equatable, Sendable {
  package var services = 0
  /// Those whose lease has ended and whose removal is not committed yet are among them.
  package var instances = 0
  /// The highest revision given out.
  package var revision: UInt64 = 0
  /// Leases that ended.
  package var expirations = 0
  /// Leases that began anew.
  package var renewals = 0
}

extension Registry {
  package var figures: RegistryFigures {
    RegistryFigures(
      services: state.services.count, instances: state.instanceCount,
      revision: state.position.revision, expirations: expirations, renewals: renewals)
  }
}
