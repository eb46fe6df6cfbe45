// Registrations in a SQLite file.

import GRDB
import Glibc
package import ServiceRegistry
import Synchronization

/// Keeps the registry in one SQLite database: a batch is one transaction and one sync of the
/// write-ahead log to disk.
package final class SQLiteStore: RegistryStore {
  /// Marks a database as Rollcall's in its header (`PRAGMA application_id`): "ROLL".
  static let applicationID: Int32 = 0x524F_4C4C

  /// Instances that a slice has at least, if there are so many.
  package static let sliceLength = 4_096

  private let database: DatabaseQueue
  private let readBefore = Mutex(ReadBefore())

  /// Opens the database at `path`, or makes one.
  ///
  /// - Throws: a reason that names the file, if it can't be opened, is another program's, or does
  ///   not sync each commit.
  package init(path: String) throws(StoreError) {
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.label = "rollcall.store"
    // Why not: see `Schema`.
    configuration.foreignKeysEnabled = false
    do {
      try Self.checkOwner(path)
      database = try DatabaseQueue(path: path, configuration: configuration)
      try database.writeWithoutTransaction { database in
        try database.execute(sql: "PRAGMA application_id = \(Self.applicationID)")
        // GRDB chooses NORMAL for WAL, which syncs at checkpoints only: a commit could be lost.
        try database.execute(sql: "PRAGMA synchronous = FULL")
        try Self.checkDurability(database)
        // KiB of pages, taken as they are used: as much as a bulk call of 50,000 mostly changes, so
        // that few of its pages are written twice.
        try database.execute(sql: "PRAGMA cache_size = -8192")
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
    try await read { database in
      StoredRegistry(
        services: try ServiceRecord.fetchAll(database),
        position: try StorePosition.fetch(database))
    }
  }

  package func instances(after service: ServiceName?) async throws(StoreError) -> [Instance] {
    let before = readBefore.withLock { $0 }
    let (slice, known) = try await read { database in
      var reader = InstanceReader(database, before: before)
      let slice = try reader.read(after: service, count: Self.sliceLength)
      return (slice, reader.before)
    }
    // The memory is of no use after the last slice.
    readBefore.withLock { $0 = slice.isEmpty ? ReadBefore() : known }
    return slice
  }

  private func read<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(StoreError) -> Value {
    do {
      return try await database.read(body)
    } catch {
      throw StoreError(
        reason: "the registrations can't be read: \(Self.reason(error))",
        isOutcomeUnknown: false)
    }
  }

  package nonisolated(nonsending) func commit(_ batch: StoreBatch) async throws(StoreError) {
    // Straight to the database's queue and back; an async write takes several turns more.
    try await withCheckedContinuation { reply in
      database.asyncWriteWithoutTransaction { database in
        reply.resume(returning: Self.commit(batch, to: database))
      }
    }.get()
  }

  private static func commit(
    _ batch: StoreBatch, to database: Database
  ) -> Result<Void, StoreError> {
    var isComplete = false
    do {
      try database.inTransaction(.immediate) {
        var writer = BatchWriter(database)
        try writer.write(batch)
        isComplete = true
        return .commit
      }
      return .success(())
    } catch {
      // An error of COMMIT itself does not tell what reached the disk.
      return .failure(StoreError(reason: reason(error), isOutcomeUnknown: isComplete))
    }
  }

  /// One line: SQLite's own words without the statement.
  private static func reason(_ error: any Error) -> String {
    guard let error = error as? DatabaseError else { return "\(error)" }
    let code = error.extendedResultCode.rawValue
    return "\(error.message ?? "no words") (SQLite error \(code))"
  }
}
