// Lines of an export as what is stored.

import DNSWire
import GRDB
import JSONText
package import ServiceRegistry

/// Fills a database that takes the place of a data directory's when all lines are there.
///
/// Each line is checked by itself; whether its names are free is for a registry to say.
package final class StoreImport {
  private let fresh: FreshDatabase
  private let before: StorePosition
  private let columns: (service: [String], instance: [String])
  private var parser = JSONParser()
  private var position: StorePosition?
  package private(set) var serviceCount = 0
  package private(set) var instanceCount = 0

  /// - Parameters:
  ///   - directory: its lock keeps servers off.
  ///   - isReplacing: what is stored there may go.
  package init(
    into directory: DataDirectory, isReplacing: Bool
  ) throws(SavedStateError) {
    do {
      // What a crash has left is finished with, and the file is right.
      let store = try SQLiteStore(path: directory.databasePath)
      let (position, isEmpty) = try store.readNow { database in
        let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM service")
        return (try StorePosition.fetch(database), count == 0)
      }
      guard isReplacing || isEmpty else {
        throw SavedStateError(
          "the data directory \(directory.path) has registrations already; --replace removes them")
      }
      before = position
      fresh = try FreshDatabase(store.files)
      columns = try fresh.write { database in
        (
          try ExportFormat.columns(of: "service", in: database),
          try ExportFormat.columns(of: "instance", in: database)
        )
      }
    } catch {
      throw error as? SavedStateError ?? SavedStateError(faultText(error))
    }
  }

  /// - Parameter line: without its end.
  /// - Returns: the instance, for one.
  /// - Throws: what is wrong with the line.
  package func add(
    _ line: [UInt8]
  ) throws(SavedStateError) -> (key: InstanceKey, registration: Registration)? {
    do {
      return try line.withUnsafeBytes { octets in
        try parser.read(octets) { try take(Members($0), String(decoding: octets, as: UTF8.self)) }
      }
    } catch {
      throw SavedStateError(Self.words(error))
    }
  }

  private func take(
    _ members: Members, _ line: String
  ) throws -> (key: InstanceKey, registration: Registration)? {
    guard let position else {
      self.position = try header(members)
      return nil
    }
    guard members.has("id") else {
      try addService(members, line, position)
      return nil
    }
    return try addInstance(members, line, position)
  }

  private static func words(_ error: any Error) -> String {
    switch error {
    case let error as JSONError: "is not JSON: \(error.reason)"
    case let fault as JSONFault: "\(fault.path): \(fault.fault)"
    case let error as RegistryError: words(error)
    case let error as DatabaseError
    where error.extendedResultCode == .SQLITE_CONSTRAINT_NOTNULL:
      "a member is missing"
    case let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT:
      "is there twice"
    default: faultText(error)
    }
  }

  /// Names and registrations have no other faults by themselves.
  private static func words(_ error: RegistryError) -> String {
    switch error {
    case .badName(_, let name, let fault): "'\(name)' \(fault)"
    case .badField(let field, let fault): "\(field): \(fault)"
    default: "\(error)"
    }
  }

  private func header(_ members: Members) throws -> StorePosition {
    guard members.string("format") == ExportFormat.name else {
      throw SavedStateError("is not the first line of what 'rollcall export' writes")
    }
    guard members.integer("version") == ExportFormat.version else {
      throw SavedStateError("a later version of Rollcall has written this file")
    }
    guard let revision = members.integer("revision"), revision >= 0,
      let serial = UInt32(exactly: members.integer("serial") ?? 0)
    else { throw SavedStateError("must have a revision and a serial") }
    // Numbers that were given out here are not given out again.
    return StorePosition(
      revision: max(UInt64(revision), before.revision),
      serial: before.serial.map { $0.laterSerial(serial) } ?? serial)
  }

  private func addService(
    _ members: Members, _ line: String, _ position: StorePosition
  ) throws {
    let name = try ServiceName(members.string("service") ?? "")
    try members.check(["service"] + columns.service, below: position)
    guard let claims = members["claims"] else { throw SavedStateError("claims: is missing") }
    _ = try ServiceClaims(stored: claims)
    _ = try ServiceSettings(
      ttl: members.integer("ttl_seconds"), maxAnswers: members.integer("max_answers"))
    try fresh.write { database in
      try database.cachedStatement(
        sql: """
          INSERT INTO service (key, name\(Self.names(columns.service)))
          VALUES (?1, ?2\(Self.values(columns.service)))
          """
      ).execute(arguments: [name.key, name.text, line])
    }
    serviceCount += 1
  }

  private func addInstance(
    _ members: Members, _ line: String, _ position: StorePosition
  ) throws -> (key: InstanceKey, registration: Registration) {
    let name = try ServiceName(members.string("service") ?? "")
    let id = try Label(members.string("id") ?? "", kind: .instance)
    try members.check(["service", "id"] + columns.instance, below: position)
    guard let registration = members["registration"] else {
      throw SavedStateError("registration: is missing")
    }
    try fresh.write { database in
      try database.cachedStatement(
        sql: """
          INSERT INTO instance (service, key, id\(Self.names(columns.instance)))
          SELECT number, ?1, ?2\(Self.values(columns.instance)) FROM service WHERE key = ?4
          """
      ).execute(arguments: [id.key, id.text, line, name.key])
      guard database.changesCount == 1 else {
        throw SavedStateError("the service '\(name)' has no line before it")
      }
    }
    instanceCount += 1
    return (InstanceKey(service: name, id: id), try Registration(stored: registration))
  }

  private static func names(_ columns: [String]) -> String {
    columns.map { ", \($0)" }.joined()
  }

  /// Out of the line, which is the third argument.
  private static func values(_ columns: [String]) -> String {
    columns.map { ", json_extract(?3, '$.\($0)')" }.joined()
  }

  /// Puts what was added in the place of all that was stored, durably and in one step.
  package func finish() throws(SavedStateError) {
    guard let position else { throw SavedStateError("the file is empty") }
    do {
      try fresh.write { try Self.markEmpty($0) }
      try fresh.add(StoreBatch(position: position))
      try fresh.putInPlace()
    } catch {
      throw SavedStateError(faultText(error))
    }
  }
}

extension StoreImport {
  /// Whether a service is empty is what its instances' lines say: one that says so itself and has
  /// instances would be forgotten with them.
  private static func markEmpty(_ database: Database) throws {
    try database.execute(
      sql: """
        UPDATE service SET empty_since = CASE
          WHEN EXISTS (SELECT 1 FROM instance WHERE instance.service = service.number) THEN NULL
          ELSE coalesce(empty_since, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) END
        """)
  }
}

/// The members of a line's object.
private struct Members {
  private var values: [String: JSONValue] = [:]

  /// Times are milliseconds since 1970; the last one is the end of the year 9999.
  private static let numbers = 0...253_402_300_799_999

  init(_ json: JSONValue) throws {
    guard let members = json.members else { throw SavedStateError("must be an object") }
    for (name, value) in members {
      let name = name.string ?? ""
      guard values.updateValue(value, forKey: name) == nil else {
        throw SavedStateError("\(name): is given twice")
      }
    }
  }

  func has(_ name: String) -> Bool { values[name] != nil }
  subscript(_ name: String) -> JSONValue? { values[name] }
  func string(_ name: String) -> String? { values[name]?.string }
  func integer(_ name: String) -> Int? { values[name]?.integer }

  /// Whether there are no other members than these, numbers where no names and no JSON stand, and
  /// no revision that was not given out.
  func check(_ known: [String], below position: StorePosition) throws {
    for (name, value) in values {
      guard known.contains(name) else { throw SavedStateError("\(name): is unknown") }
      guard
        ExportFormat.isJSON(name) || ["service", "id"].contains(name) || value.isNull
          || value.integer != nil
      else { throw SavedStateError("\(name): must be a whole number") }
      guard value.integer.map(Self.numbers.contains) ?? true else {
        throw SavedStateError("\(name): must be from 0 to \(Self.numbers.upperBound)")
      }
    }
    guard let revision = integer("revision"), revision >= 0,
      UInt64(revision) <= position.revision
    else {
      throw SavedStateError("revision: must be a number up to the first line's")
    }
  }
}
