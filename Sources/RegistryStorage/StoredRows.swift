// Rows of the database as the registry's values.

import DNSWire
import GRDB
import JSONText
import ServiceRegistry

extension StorePosition {
  static func fetch(_ database: Database) throws -> StorePosition {
    guard let row = try Row.fetchOne(database, sql: "SELECT * FROM position") else {
      return StorePosition()
    }
    return StorePosition(revision: row["revision"], serial: row["serial"])
  }
}

extension ServiceRecord {
  /// All services, in the order of their numbers.
  static func fetchAll(_ database: Database) throws -> [ServiceRecord] {
    let rows = try RawStatement(
      """
      SELECT name, revision, claims, empty_since, ttl_seconds, max_answers, former_ttl_seconds,
        former_ttl_until FROM service ORDER BY number
      """, in: database)
    var reader = ClaimsReader()
    var records: [ServiceRecord] = []
    try rows.forEachRow(Arguments()) { row in
      do {
        records.append(
          ServiceRecord(
            name: try ServiceName(row.string(0)), revision: UInt64(bitPattern: row.integer(1)),
            claims: try row.withText(2) { try reader.read($0) },
            emptySince: row.optionalInteger(3),
            settings: try ServiceSettings(
              ttl: row.optionalInteger(4).map { Int($0) },
              maxAnswers: row.optionalInteger(5).map { Int($0) }),
            formerTTL: try formerTTL(row.optionalInteger(6), until: row.optionalInteger(7))))
      } catch {
        throw DamagedRow(row: "service '\(row.string(0))'", reason: "\(error)")
      }
      return true
    }
    return records
  }

  private static func formerTTL(
    _ seconds: Int64?, until: WallTime?
  ) throws(RegistryError) -> FormerTTL? {
    guard let seconds, let until else { return nil }
    // What a service could not have set was no TTL.
    let ttl = try ServiceSettings(ttl: Int(seconds), maxAnswers: nil).ttl
    return ttl.map { FormerTTL(seconds: $0, until: until) }
  }
}

/// Reads instances in the order of their services' numbers.
struct InstanceReader: ~Copyable {
  private let database: Database
  private var arguments = Arguments()
  private var registrations: RegistrationReader

  init(_ database: Database, before: ReadBefore) {
    self.database = database
    registrations = RegistrationReader(before: before)
  }

  /// What the next reader is to know.
  var before: ReadBefore { registrations.before }

  /// The instances of the services that come after `service`, whole services until there are
  /// `count` instances or more.
  mutating func read(after service: ServiceName?, count: Int) throws -> [Instance] {
    let rows = try RawStatement(
      """
      SELECT service, id, revision, registered_at, registration, safe_at FROM instance
      WHERE service > ? ORDER BY service, key
      """, in: database)
    let start = try service.map { try number(of: $0) } ?? 0
    var instances: [Instance] = []
    instances.reserveCapacity(count)
    var current: (number: Int64, name: ServiceName)?
    // Its own, as the look-ups between the rows use the others.
    var range = Arguments()
    range.append(start)
    try rows.forEachRow(range) { row in
      let number = row.integer(0)
      if current?.number != number {
        guard instances.count < count else { return false }
        current = (number, try name(of: number))
      }
      guard let current else { return false }
      instances.append(try instance(row, of: current.name))
      return true
    }
    return instances
  }

  private mutating func instance(
    _ row: RawStatement.Columns, of service: ServiceName
  ) throws -> Instance {
    do {
      return Instance(
        key: InstanceKey(service: service, id: try Label(row.string(1), kind: .instance)),
        registration: try row.withText(4) { try registrations.read($0) },
        revision: UInt64(bitPattern: row.integer(2)), registeredAt: row.integer(3),
        safeAt: row.optionalInteger(5))
    } catch {
      throw DamagedRow(
        row: "instance '\(row.string(1))' of service '\(service)'", reason: "\(error)")
    }
  }

  private mutating func number(of service: ServiceName) throws -> Int64 {
    let find = try RawStatement("SELECT number FROM service WHERE key = ?", in: database)
    arguments.removeAll()
    arguments.append(service.key)
    guard let number = try find.run(arguments, { $0.integer(0) }) else {
      throw DamagedRow(row: "service '\(service)'", reason: "it is gone")
    }
    return number
  }

  private mutating func name(of number: Int64) throws -> ServiceName {
    let find = try RawStatement("SELECT name FROM service WHERE number = ?", in: database)
    arguments.removeAll()
    arguments.append(number)
    guard let name = try find.run(arguments, { try ServiceName($0.string(0)) }) else {
      throw DamagedRow(row: "instance of service number \(number)", reason: "no such service")
    }
    return name
  }
}

/// A row that no version of Rollcall writes.
struct DamagedRow: Error, CustomStringConvertible {
  let row: String
  let reason: String

  var description: String { "\(row): \(reason)" }
}
