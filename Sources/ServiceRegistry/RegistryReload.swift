// Reloading zone files: a change like any other, but for all zones and decided on its own.

import DNSWire
import DNSZone

extension Registry {
  /// Serves `zones` from now on, in one step. Registered names stay.
  ///
  /// - Throws: ``RegistryError/nameCovered(registered:holder:)`` when a zone would leave no room
  ///   for a registered name; then, as after any error, nothing has changed.
  package func reload(_ zones: StaticZones) async throws(RegistryError) -> [ZoneReport] {
    try await submit(zones)
  }

  /// Decides, commits, applies and publishes a reload.
  func carryOut(_ zones: StaticZones) async -> Result<[ZoneReport], RegistryError> {
    if let failure = await settleDoubt() { return .failure(failure) }
    if let (registered, holder) = zone.conflict(with: zones, state.services) {
      return .failure(
        .nameCovered(registered: registered.description, holder: holder.description))
    }
    let serial = zone.serial(with: zones)
    if serial != zone.serial {
      // The batch before may have had numbers that are on disk though it failed.
      let next = state.position.serial.map { ($0 &+ 1).laterSerial(serial) } ?? serial
      state.position.serial = next
      let failure = await commit(StoreBatch(position: state.position))
      if let failure { return .failure(failure) }
      return .success(apply(zones, serial: next))
    }
    return .success(apply(zones, serial: serial))
  }

  private func apply(_ zones: StaticZones, serial: UInt32) -> [ZoneReport] {
    let replaced = zone.replaceStatic(with: zones, serial: serial)
    for name in zone.pinRevealed() {
      if let service = state.services[name] { publish(whole(service), of: name) }
    }
    zone.publish(replaced)
    zone.collect()
    return replaced.reports
  }
}
