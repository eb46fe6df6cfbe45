// The static zones at start: what the files say, and what stands in for a file that is missing.

import DNSWire
import DNSZone
import Glibc
import LDNS
import Logging
import ServiceRegistry

/// All zones read from files, and the service zone with or without one.
struct LoadedZones {
  /// Seconds that answers for registered names may be kept.
  static let serviceTTL: UInt32 = 5

  private(set) var files: [ZoneFile] = []
  /// Files that were refused, with the origin that their name gives, if it does.
  private(set) var refused: [(origin: DomainName?, error: ZoneFileError)] = []

  init(_ settings: Settings) throws {
    for path in try Self.paths(settings) {
      do throws(ZoneFileError) {
        try add(path, origin: ZoneDirectory.origin(fromFileName: path))
      } catch {
        refused.append((nil, error))
      }
    }
  }

  private static func paths(_ settings: Settings) throws -> [String] {
    let isThere = access(settings.zonesDirectory, F_OK) == 0
    guard settings.isZonesDirectoryNamed || isThere else { return [] }
    return try ZoneDirectory.zoneFiles(in: settings.zonesDirectory)
  }

  private mutating func add(_ path: String, origin: DomainName) {
    do throws(ZoneFileError) {
      let file = try ZoneFile.read(path: path, origin: origin)
      if let other = files.first(where: { $0.apex == file.apex }) {
        throw ZoneFileError(
          file: path, line: nil, reason: "the zone \(file.apex) is in \(other.path) already")
      }
      files.append(file)
    } catch {
      refused.append((origin, error))
    }
  }

  /// Publishes all zones in `domain` and gives the service zone, whose own file must be right. A
  /// zone whose file is refused is there, but fails.
  func publish(in domain: ZoneDomain, _ settings: Settings, _ logger: Logger) throws -> ServiceZone
  {
    for (origin, error) in refused {
      if origin == settings.zone { throw error }
      logger.error("zone file refused", metadata: ["reason": "\(error)"])
      guard let origin, !files.contains(where: { $0.apex == origin }) else { continue }
      domain.publish(.broken(apex: origin, in: domain))
    }
    for file in files {
      for warning in file.warnings { logger.warning("zone file", metadata: ["at": "\(warning)"]) }
      guard file.apex != settings.zone else { continue }
      domain.publish(Zone(apex: file.apex, records: file.records, in: domain))
    }
    return publishServiceZone(in: domain, settings)
  }

  private func publishServiceZone(in domain: ZoneDomain, _ settings: Settings) -> ServiceZone {
    let file = files.first { $0.apex == settings.zone }
    let records = file?.records ?? Self.defaultRecords(settings)
    let zone = Zone(
      apex: settings.zone, records: records, in: domain,
      negativeTTLLimit: ServiceZone.negativeTTL)
    domain.publish(zone)
    let soa = records.first { $0.type == .soa } ?? Self.defaultRecords(settings)[0]
    return ServiceZone(zone, in: domain, soa: soa, ttl: Self.serviceTTL)
  }
}
