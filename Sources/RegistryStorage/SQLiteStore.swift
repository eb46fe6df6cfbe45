// Registrations in a SQLite file.

import Dispatch
import GRDB
package import ServiceRegistry
import Synchronization

/// Keeps the registry in one SQLite database: a batch is one transaction and one sync of the
/// write-ahead log to disk.
package final class SQLiteStore: RegistryStore {
  /// Marks a database as Rollcall's in its header (`PRAGMA application_id`): "ROLL".
  static let applicationID: Int32 = 0x524F_4C4C

  /// Instances that a slice has at least, if there are so many.
  package static let sliceLength = 4_096

  let files: DatabaseFiles
  /// Of the database at the files' path, unless that was replaced and the new one is not open yet.
  private let connection: Mutex<DatabaseQueue>
  /// What is to take the place of the database.
  let fresh = Mutex<FreshDatabase?>(nil)
  /// Where that is written.
  let freshQueue = DispatchQueue(label: "rollcall.store.new")
  private let readBefore = Mutex(ReadBefore())

  /// Opens the database at `path`, or makes one, and finishes what a crash has left of an exchange.
  ///
  /// - Throws: a reason that names the file, if it can't be opened, is another program's, a later
  ///   version's or damaged, or does not sync each commit. The file is left as it is then.
  package init(path: String, calls: FileCalls = .system) throws(StoreError) {
    files = DatabaseFiles(path: path, calls: calls)
    do {
      try files.settle()
      try DatabaseCheck(path: path).check()
      if files.isSuspect { try StoreSnapshot(files).writeAnew() }
      connection = Mutex(try Self.open(files))
    } catch {
      throw StoreError(
        reason: "the database \(path) can't be used: \(DatabaseCheck.words(error, path))",
        isOutcomeUnknown: false)
    }
  }

  /// What all connections have in common.
  static var configuration: Configuration {
    var configuration = Configuration()
    configuration.label = "rollcall.store"
    // Why not: see `Schema`.
    configuration.foreignKeysEnabled = false
    return configuration
  }

  private static func open(_ files: DatabaseFiles) throws -> DatabaseQueue {
    var configuration = configuration
    configuration.journalMode = .wal
    let database = try DatabaseQueue(path: files.path, configuration: configuration)
    try database.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA application_id = \(applicationID)")
      // GRDB chooses NORMAL for WAL, which syncs at checkpoints only: a commit could be lost.
      try database.execute(sql: "PRAGMA synchronous = FULL")
      try checkDurability(database)
      // KiB of pages, taken as they are used: as much as a bulk call of 50,000 mostly changes, so
      // that few of its pages are written twice.
      try database.execute(sql: "PRAGMA cache_size = -8192")
    }
    try Schema.migrator.migrate(database)
    try files.syncNames()
    return database
  }

  /// Opens the database anew, after another has taken its place. The connection to the old one ends
  /// only now: SQLite sees then that the file has moved and leaves the log alone, the new one's.
  func reopen() throws {
    let database = try Self.open(files)
    connection.withLock { $0 = database }
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

  /// Waits on this thread.
  func readNow<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try connection.withLock(\.self).read(body)
  }

  private func read<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(StoreError) -> Value {
    do {
      return try await connection.withLock(\.self).read(body)
    } catch {
      throw StoreError(
        reason: "the registrations can't be read: \(faultText(error))", isOutcomeUnknown: false)
    }
  }

  package nonisolated(nonsending) func commit(_ batch: StoreBatch) async throws(StoreError) {
    // Straight to the database's queue and back; an async write takes several turns more.
    let database = connection.withLock(\.self)
    try await withCheckedContinuation { reply in
      database.asyncWriteWithoutTransaction { [files] database in
        let result = Self.commit(batch, to: database)
        if case .failure(let error) = result, error.needsReplacement { files.markSuspect() }
        reply.resume(returning: result)
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
      // An error of COMMIT itself does not always tell what reached the disk.
      return .failure(StoreError(error, isCommit: isComplete))
    }
  }
}
