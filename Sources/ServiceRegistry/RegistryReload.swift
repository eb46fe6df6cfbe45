// Reloading zone files: a change like any other, but for all zones and decided on its own.

import DNSWire
import DNSZone

extension Registry {
  /// Serves `zones` from now on, in one step. Registered names stay. The next reload may be
  /// prepared when this one is over.
  ///
  /// - Parameter replaced: what is prepared of them.
  /// - Throws: ``RegistryError/nameCovered(registered:holder:)`` when a zone would leave no room
  ///   for a registered name; then, as after any error, nothing has changed.
  package func reload(
    _ zones: StaticZones, _ replaced: ReplacedZones
  ) async throws(RegistryError) -> [ZoneReport] {
    try await submit(Reload(zones: zones, replaced: replaced))
  }

  struct Reload: Sendable {
    let zones: StaticZones
    let replaced: ReplacedZones
  }

  /// Decides, commits, applies and publishes a reload.
  func carryOut(_ reload: Reload) async -> Result<[ZoneReport], RegistryError> {
    if let (registered, holder) = zone.conflict(with: reload.zones, state.services) {
      return .failure(
        .nameCovered(registered: registered.description, holder: holder.description))
    }
    var serial = zone.serial(with: reload.zones)
    if serial != zone.serial {
      if let failure = await restoreStore() { return .failure(.notCommitted(failure)) }
      // The batch before may have had numbers that are on disk though it failed.
      serial = state.position.serial.map { ($0 &+ 1).laterSerial(serial) } ?? serial
      state.position.serial = serial
      if let failure = await commit(StoreBatch(position: state.position)) {
        return .failure(.notCommitted(failure))
      }
    }
    return .success(apply(reload, serial: serial))
  }

  private func apply(_ reload: Reload, serial: UInt32) -> [ZoneReport] {
    var replaced = reload.replaced
    zone.replaceStatic(with: reload.zones, serial: serial, &replaced)
    for name in zone.pinRevealed() {
      if let service = state.services[name] { publish(whole(service), of: service) }
    }
    zone.publish(replaced)
    zone.collect()
    return replaced.reports
  }
}
