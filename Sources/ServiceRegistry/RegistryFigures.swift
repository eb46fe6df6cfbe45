// What the registry counts.

/// How much there is, and what has happened since the start of the program.
package struct RegistryFigures: Equatable, Sendable {
  package var services = 0
  /// Those whose lease has ended and whose removal is not committed yet are among them.
  package var instances = 0
  /// Instances whose lease or drain comes to an end.
  package var leases = 0
  /// The highest revision given out.
  package var revision: UInt64 = 0
  /// Leases that ended.
  package var expirations = 0
  /// Leases that began anew.
  package var renewals = 0
  /// Instances that drain.
  package var draining = 0
  /// Drains that began.
  package var drains: UInt64 = 0
  /// Callers that wait for the end of a drain.
  package var waitingDrains = 0
  /// Instances that are answered though their lease has ended, because of the brake.
  package var held = 0
  /// How often the brake began to hold an instance.
  package var holds: UInt64 = 0
}

extension Registry {
  package var figures: RegistryFigures {
    RegistryFigures(
      services: state.services.count, instances: state.instanceCount,
      leases: leaseEnds.count,
      revision: state.position.revision, expirations: expirations, renewals: renewals,
      draining: state.drainingCount, drains: drains, waitingDrains: waitingDrains,
      held: heldCount, holds: holds)
  }
}
