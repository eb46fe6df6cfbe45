// Registrations in a SQLite file.

import GRDB
import Glibc
package import ServiceRegistry

/// Keeps the registry in one SQLite database: a batch is one transaction and one sync of the
/// write-ahead log to disk.
package final class SQLiteStore: RegistryStore {
  /// Marks a database as Rollcall's in its header (`PRAGMA application_id`): "ROLL".
  static let applicationID: Int32 = 0x524F_4C4C

  private let database: DatabaseQueue

  /// Opens the database at `path`, or makes one.
  ///
  /// - Throws: a reason that names the file, if it can't be opened, is another program's, or does
  ///   not sync each commit.
  package init(path: String) throws(StoreError) {
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.label = "rollcall.store"
    do {
      try Self.checkOwner(path)
      database = try DatabaseQueue(path: path, configuration: configuration)
      try database.writeWithoutTransaction { database in
        try database.execute(sql: "PRAGMA application_id = \(Self.applicationID)")
        // GRDB chooses NORMAL for WAL, which syncs at checkpoints only: a commit could be lost.
        try database.execute(sql: "PRAGMA synchronous = FULL")
        try Self.checkDurability(database)
      }
      try Schema.migrator.migrate(database)
    } catch {
      throw StoreError(
        reason: "the database \(path) can't be used: \(Self.reason(error))",
        isOutcomeUnknown: false)
    }
  }

  /// Looks at a file that is there without changing it: opening it for writing would already
  /// turn its journal into a write-ahead log.
  private static func checkOwner(_ path: String) throws {
    guard access(path, F_OK) == 0 else { return }
    var configuration = Configuration()
    configuration.readonly = true
    let database = try DatabaseQueue(path: path, configuration: configuration)
    defer { try? database.close() }
    let isOurs = try database.read { database in
      let id = try Int32.fetchOne(database, sql: "PRAGMA application_id")
      let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema")
      return id == applicationID || tables == 0
    }
    guard isOurs else {
      throw DatabaseError(
        resultCode: .SQLITE_NOTADB, message: "it belongs to another program")
    }
  }

  private static func checkDurability(_ database: Database) throws {
    let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode")
    let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous")
    guard mode == "wal", synchronous == 2 else {
      throw DatabaseError(
        resultCode: .SQLITE_ERROR,
        message: "SQLite refuses a write-ahead log that is synced at each commit")
    }
  }

  package func load() async throws(StoreError) -> StoredRegistry {
    do {
      return try await database.read { database in
        var stored = StoredRegistry(position: try StorePosition.fetch(database))
        stored.services = try ServiceRecord.fetchAll(database)
        stored.instances = try Instance.fetchAll(database)
        return stored
      }
    } catch {
      throw StoreError(
        reason: "the registrations can't be read: \(Self.reason(error))",
        isOutcomeUnknown: false)
    }
  }

  package func commit(_ batch: StoreBatch) async throws(StoreError) {
    do {
      try await database.writeWithoutTransaction { database in
        var isComplete = false
        do {
          try database.inTransaction(.immediate) {
            try Self.write(batch, to: database)
            isComplete = true
            return .commit
          }
        } catch {
          // An error of COMMIT itself does not tell what reached the disk.
          throw StoreError(reason: Self.reason(error), isOutcomeUnknown: isComplete)
        }
      }
    } catch let error as StoreError {
      throw error
    } catch {
      throw StoreError(reason: Self.reason(error), isOutcomeUnknown: false)
    }
  }

  private static func write(_ batch: StoreBatch, to database: Database) throws {
    for name in batch.removedServices {
      try database.cachedStatement(sql: "DELETE FROM service WHERE key = ?")
        .execute(arguments: [name.key])
    }
    for record in batch.services { try record.save(database) }
    for instance in batch.instances { try instance.save(database) }
    for key in batch.removedInstances {
      try database.cachedStatement(sql: "DELETE FROM instance WHERE service = ? AND key = ?")
        .execute(arguments: [key.service.key, key.id.key])
    }
    try batch.position.save(database)
  }

  /// One line: SQLite's own words without the statement.
  private static func reason(_ error: any Error) -> String {
    guard let error = error as? DatabaseError else { return "\(error)" }
    let code = error.extendedResultCode.rawValue
    return "\(error.message ?? "no words") (SQLite error \(code))"
  }
}
