// A database that is written from nothing to take the place of another.

import GRDB
import ServiceRegistry

/// Nobody reads it before it is complete, so it is written without journal and synced once.
///
/// The one sync is SQLite's own, on the descriptor that has been open since the first write: Linux
/// tells it of every page that could not be written since.
final class FreshDatabase: Sendable {
  private let files: DatabaseFiles
  private let database: DatabaseQueue

  /// Begins with an empty one.
  init(_ files: DatabaseFiles) throws {
    self.files = files
    try files.removePartial()
    var configuration = SQLiteStore.configuration
    configuration.label = "rollcall.store.new"
    database = try DatabaseQueue(path: files.partial, configuration: configuration)
    try database.writeWithoutTransaction { database in
      try database.execute(
        sql: """
          PRAGMA journal_mode = OFF;
          PRAGMA synchronous = OFF;
          PRAGMA locking_mode = EXCLUSIVE;
          PRAGMA application_id = \(SQLiteStore.applicationID);
          """)
    }
    try Schema.migrator.migrate(database)
  }

  deinit {
    // What did not come to its place takes room that is perhaps what the disk lacks.
    try? database.close()
    try? files.removePartial()
  }

  /// Adds services, and instances of these or earlier ones.
  func add(_ slice: StoreBatch) throws {
    try write { database in
      var writer = BatchWriter(database)
      try writer.write(slice)
    }
  }

  /// Makes other changes, in one transaction.
  func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try database.writeWithoutTransaction { database in
      var value: Value?
      try database.inTransaction(.immediate) {
        value = try body(database)
        return .commit
      }
      return value!
    }
  }

  /// Syncs what was added and puts it in the place of what was stored.
  func putInPlace() throws {
    try database.writeWithoutTransaction { database in
      // The mode stands in the file, so this is a change that is committed, and synced with all
      // that was written before it.
      try database.execute(sql: "PRAGMA synchronous = FULL")
      // All rows are asked for, as the commit comes after the only one, and may fail.
      guard try String.fetchAll(database, sql: "PRAGMA journal_mode = WAL") == ["wal"] else {
        throw DatabaseError(
          resultCode: .SQLITE_ERROR, message: "SQLite refuses a write-ahead log")
      }
    }
    try database.close()
    try files.replace()
  }
}
