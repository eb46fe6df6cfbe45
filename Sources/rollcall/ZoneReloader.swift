// Reads the zone files again while the server runs, on SIGHUP or by the API.

import DNSWire
import LDNS
import Logging
import RegistryAPI
import ServiceLifecycle
import ServiceRegistry
import UnixSignals

/// Reads all zone files beside what is served and has the registry take them over; one reload after
/// the other. Reading blocks, so it has a thread of its own.
actor ZoneReloader {
  private let executor = QueueExecutor(label: "rollcall.zones")
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private let settings: Settings
  private let registry: Registry
  private let logger: Logger
  /// The zone that each file was last served as, to know what a broken file stands for.
  private var apexes: [String: DomainName]
  private var last: Task<Result<ZoneReload, RegistryError>, Never>?

  init(_ settings: Settings, _ registry: Registry, loaded: LoadedZones, logger: Logger) {
    self.settings = settings
    self.registry = registry
    self.logger = logger
    apexes = loaded.apexes
  }

  /// - Throws: when nothing was reloaded. A refused file is no error: its zone stays as it is.
  func reload() async throws(RegistryError) -> ZoneReload {
    let before = last
    let next = Task {
      _ = await before?.value
      return await readAndSubmit()
    }
    last = next
    return try await next.value.get()
  }

  private func readAndSubmit() async -> Result<ZoneReload, RegistryError> {
    do throws(ZoneFileError) {
      return await submit(try LoadedZones(settings))
    } catch {
      logger.error("zones not reloaded", metadata: ["reason": "\(error)"])
      return .success(ZoneReload(zones: [], refused: ["\(error)"], warnings: []))
    }
  }

  private func submit(_ loaded: LoadedZones) async -> Result<ZoneReload, RegistryError> {
    var refused = loaded.refused.map { "\($0.error)" }
    var zones = StaticZones(
      contents: loaded.files.map { .init(apex: $0.apex, records: $0.records) },
      kept: Set(loaded.refused.compactMap { apexes[$0.path] ?? $0.origin }))
    zones.kept.subtract(zones.contents.map(\.apex))
    if !zones.contents.contains(where: { $0.apex == settings.zone }),
      !zones.kept.contains(settings.zone)
    {
      do {
        zones.contents.append(
          .init(apex: settings.zone, records: try loaded.serviceRecords(settings)))
      } catch {
        refused.append("\(error)")
        zones.kept.insert(settings.zone)
      }
    }
    do throws(RegistryError) {
      let reports = try await registry.reload(zones)
      apexes = apexes.filter { zones.kept.contains($0.value) }.merging(loaded.apexes) { $1 }
      let reload = ZoneReload(
        zones: reports, refused: refused,
        warnings: loaded.files.flatMap(\.warnings).map(\.description)
          + reports.filter(\.isSerialStale).map(\.staleSerialWarning))
      log(reload)
      return .success(reload)
    } catch {
      logger.error("zones not reloaded", metadata: ["reason": "\(error)"])
      return .failure(error)
    }
  }

  private func log(_ reload: ZoneReload) {
    for reason in reload.refused {
      logger.error("zone file refused, the zone stays as it is", metadata: ["reason": "\(reason)"])
    }
    for warning in reload.warnings {
      logger.warning("zone file", metadata: ["at": "\(warning)"])
    }
    for report in reload.zones where report.outcome != .unchanged && report.outcome != .kept {
      logger.notice(
        "zone \(report.outcome.rawValue)",
        metadata: [
          "zone": "\(report.apex)", "serial": "\(report.serial.map(String.init) ?? "none")",
        ])
    }
    logger.notice("zones reloaded", metadata: ["refused": "\(reload.refused.count)"])
  }
}

extension LoadedZones {
  fileprivate var apexes: [String: DomainName] {
    Dictionary(uniqueKeysWithValues: files.map { ($0.path, $0.apex) })
  }
}

extension ZoneReport {
  fileprivate var staleSerialWarning: String {
    "the zone \(apex) has changed, but its serial is not later than before"
  }
}

/// Reloads at each SIGHUP.
struct HangupService: Service {
  let hangups: UnixSignalsSequence
  let reloader: ZoneReloader

  func run() async {
    for await _ in hangups.cancelOnGracefulShutdown() {
      // What went wrong is in the log.
      _ = try? await reloader.reload()
    }
  }
}
