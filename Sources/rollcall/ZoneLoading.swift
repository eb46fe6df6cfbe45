// The static zones: what the files say, and what stands in for a file that is missing.

import DNSWire
import DNSZone
import Glibc
import LDNS
import Logging
import ServiceRegistry

/// All zones as their files say now, with or without one for the service zone.
struct LoadedZones {
  /// Seconds that answers for registered names may be kept.
  static let serviceTTL: UInt32 = 5

  struct Refusal {
    let path: String
    /// What the file's name gives, if it does.
    let origin: DomainName?
    let error: ZoneFileError
  }

  private(set) var files: [ZoneFile] = []
  /// The file of each apex.
  private var paths: [DomainName: String] = [:]
  private(set) var refused: [Refusal] = []
  /// Whether there was a directory to read.
  let isDirectoryThere: Bool

  /// - Throws: when the directory can't be read.
  init(_ settings: Settings) throws(ZoneFileError) {
    let paths = try Self.paths(settings)
    isDirectoryThere = paths != nil
    for path in paths ?? [] { add(path, reverse: settings.reverseZones) }
  }

  /// - Parameter origin: what names in the files are relative to; nil: what the files' names give.
  init(paths: [String], origin: DomainName? = nil) {
    isDirectoryThere = true
    for path in paths {
      if let origin { add(path, origin: origin) } else { add(path) }
    }
  }

  /// - Returns: nil when there is no directory and none was named.
  private static func paths(_ settings: Settings) throws(ZoneFileError) -> [String]? {
    let isMissing = access(settings.zonesDirectory, F_OK) != 0 && errno == ENOENT
    guard settings.isZonesDirectoryNamed || !isMissing else { return nil }
    return try ZoneDirectory.zoneFiles(in: settings.zonesDirectory)
  }

  private mutating func add(_ path: String, reverse: [DomainName] = []) {
    do throws(ZoneFileError) {
      let origin = try ZoneDirectory.origin(fromFileName: path)
      guard !reverse.contains(origin) else {
        throw ZoneFileError(
          file: path, line: nil, reason: "the setting reverse_zones has this zone")
      }
      add(path, origin: origin)
    } catch {
      refused.append(Refusal(path: path, origin: nil, error: error))
    }
  }

  private mutating func add(_ path: String, origin: DomainName) {
    do throws(ZoneFileError) {
      let file = try ZoneFile.read(path: path, origin: origin)
      if let other = paths[file.apex] {
        throw ZoneFileError(
          file: path, line: nil, reason: "the zone \(file.apex) is in \(other) already")
      }
      paths[file.apex] = path
      files.append(file)
    } catch {
      refused.append(Refusal(path: path, origin: origin, error: error))
    }
  }

  /// The service zone's static records.
  /// - Throws: when there is no file for it and nothing to make them from.
  func serviceRecords(_ settings: Settings) throws(SettingError) -> [ResourceRecord] {
    if let file = files.first(where: { $0.apex == settings.zone }) { return file.records }
    return try Self.defaultRecords(settings)
  }

  // MARK: Start

  /// Publishes all zones in `domain` and gives the service zone, whose own file must be right. A
  /// zone whose file is refused is there, but fails.
  func publish(in domain: ZoneDomain, _ settings: Settings, _ logger: Logger) throws -> ServiceZone
  {
    var zones: [Zone] = []
    for refusal in refused {
      if refusal.origin == settings.zone { throw refusal.error }
      logger.error("zone file refused", metadata: ["reason": "\(refusal.error)"])
      guard let origin = refusal.origin, paths[origin] == nil else { continue }
      zones.append(.broken(apex: origin, in: domain))
    }
    for file in files {
      for warning in file.warnings { logger.warning("zone file", metadata: ["at": "\(warning)"]) }
      guard file.apex != settings.zone else { continue }
      zones.append(Zone(apex: file.apex, records: file.records, in: domain))
    }
    let records = try serviceRecords(settings)
    let own = Zone(
      apex: settings.zone, records: records, in: domain,
      negativeTTLLimit: ServiceZone.negativeTTL)
    let reverse = settings.reverseZones.map { apex in
      Zone(
        apex: apex, records: ReverseZones.records(of: apex, serviceZone: records), in: domain,
        negativeTTLLimit: ServiceZone.negativeTTL)
    }
    domain.publish(zones + [own] + reverse)
    return ServiceZone(
      own, in: domain, records: records, ttl: Self.serviceTTL,
      publishesMetadata: settings.publishMetadata, reverse: ReverseZones(reverse))
  }
}
