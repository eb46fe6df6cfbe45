// Reads the zone files again while the server runs, on SIGHUP or by the API.

import DNSWire
import DNSZone
import LDNS
import Logging
import RegistryAPI
import ServiceLifecycle
import ServiceRegistry
import Synchronization
import UnixSignals

/// Reads all zone files beside what is served and has the registry take them over; one reload after
/// the other. Reading blocks, so it has a thread of its own.
actor ZoneReloader {
  private let executor = QueueExecutor(label: "rollcall.zones")
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private let settings: Settings
  private let registry: Registry
  private let domain: ZoneDomain
  private let logger: Logger
  private let outcome: Mutex<Outcome>
  /// The zone that each file was last served as, to know what a broken file stands for.
  private var apexes: [String: DomainName]
  /// The reload that is under way, and the one after it, whose reading has not begun.
  private var current: Task<Result<ZoneReload, RegistryError>, Never>?
  private var next: Task<Result<ZoneReload, RegistryError>, Never>?

  init(
    _ settings: Settings, _ registry: Registry, _ domain: ZoneDomain, loaded: LoadedZones,
    logger: Logger
  ) {
    var settings = settings
    // A directory that was there must not be taken for an empty one when it is gone.
    settings.isZonesDirectoryNamed = settings.isZonesDirectoryNamed || loaded.isDirectoryThere
    self.settings = settings
    self.registry = registry
    self.domain = domain
    self.logger = logger
    apexes = loaded.apexes
    let now = RegistryClock.system.wall()
    outcome = Mutex(
      Outcome(isComplete: loaded.refused.isEmpty, lastComplete: loaded.refused.isEmpty ? now : nil))
  }

  /// What became of the zone files when they were last read.
  struct Outcome {
    /// Whether all were taken over.
    var isComplete: Bool
    /// When that was last so; nil if never.
    var lastComplete: WallTime?
  }

  nonisolated var lastReload: Outcome { outcome.withLock(\.self) }

  private func note(_ result: Result<ZoneReload, RegistryError>) {
    let isComplete = (try? result.get())?.refused.isEmpty ?? false
    outcome.withLock { outcome in
      outcome.isComplete = isComplete
      if isComplete { outcome.lastComplete = RegistryClock.system.wall() }
    }
  }

  /// - Throws: when nothing was reloaded. A refused file is no error: its zone stays as it is.
  func reload() async throws(RegistryError) -> ZoneReload {
    try await task().value.get()
  }

  /// One reload serves all who ask before it begins.
  private func task() -> Task<Result<ZoneReload, RegistryError>, Never> {
    if let next { return next }
    let before = current
    let task = Task {
      _ = await before?.value
      (current, next) = (next, nil)
      let result = await readAndSubmit()
      note(result)
      return result
    }
    next = task
    return task
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
    logRefused(refused)
    let replaced = ReplacedZones(
      zones, besides: Set([settings.zone] + settings.reverseZones), in: domain)
    do throws(RegistryError) {
      let reports = try await registry.reload(zones, replaced)
      apexes = apexes.filter { zones.kept.contains($0.value) }.merging(loaded.apexes) { $1 }
      let reload = ZoneReload(
        zones: reports, refused: refused,
        warnings: loaded.files.flatMap(\.warnings).map(\.description)
          + reports.filter(\.isSerialStale).map(\.staleSerialWarning))
      log(reload)
      return .success(reload)
    } catch {
      log(error)
      return .failure(error)
    }
  }

  private func logRefused(_ reasons: [String]) {
    for reason in reasons {
      logger.error("zone file refused, the zone stays as it is", metadata: ["reason": "\(reason)"])
    }
  }

  private func log(_ error: RegistryError) {
    if case .nameCovered(let registered, let holder) = error {
      logger.error(
        "zones not reloaded: a zone file would take a registered name",
        metadata: ["name": "\(registered)", "static": "\(holder)"])
    } else {
      logger.error("zones not reloaded", metadata: ["reason": "\(error)"])
    }
  }

  private func log(_ reload: ZoneReload) {
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
  let access: APIAccess
  let reloader: ZoneReloader
  let manager: ServiceManager

  func run() async {
    await withDiscardingTaskGroup { reloads in
      for await _ in hangups.cancelOnGracefulShutdown() {
        manager.tellReloading()
        // A token that is revoked must not wait for zones, also not for those of an earlier signal.
        access.reload()
        reloads.addTask {
          // What went wrong is in the log.
          _ = try? await reloader.reload()
          manager.tellReloaded()
        }
      }
    }
  }
}
