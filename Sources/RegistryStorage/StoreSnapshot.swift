// What is stored at one moment, read beside a server that goes on writing.

import GRDB
import Glibc

/// The database of a data directory, for reading only: no server has to wait for it.
package struct StoreSnapshot {
  let files: DatabaseFiles
  private let directory: String

  /// Milliseconds that a server may take to exchange the database.
  private static let patience = 5_000

  /// - Parameter directory: a server's data directory.
  package init(directory: String) {
    self.directory = directory
    files = DatabaseFiles(path: DataDirectory.databasePath(in: directory), calls: .system)
  }

  init(_ files: DatabaseFiles) {
    directory = files.path
    self.files = files
  }

  /// Calls `body` in one read transaction, which sees all that is acknowledged when it begins.
  func read<Value>(_ body: (Database) throws -> Value) throws(SavedStateError) -> Value {
    do {
      for _ in 1...Self.attempts {
        if let value = try attempt(body) { return value }
      }
    } catch let error as SavedStateError {
      throw error
    } catch {
      throw SavedStateError("the data directory \(directory) can't be read: \(faultText(error))")
    }
    throw SavedStateError("the data directory \(directory) changes all the time; try again")
  }

  /// How often the database is exchanged at most while this begins to read.
  private static let attempts = 10

  /// Nil when the server exchanged the database meanwhile.
  private func attempt<Value>(_ body: (Database) throws -> Value) throws -> Value? {
    let path = files.current
    guard let file = Self.file(path) else {
      throw SavedStateError(
        "there is no database in the data directory \(directory): name the server's with --data")
    }
    try DatabaseCheck(path: path).check()
    var configuration = SQLiteStore.configuration
    configuration.readonly = true
    configuration.busyMode = .timeout(Double(Self.patience) / 1_000)
    let database = try DatabaseQueue(path: path, configuration: configuration)
    defer { try? database.close() }
    return try database.read { database in
      // With the first look the transaction begins.
      _ = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema")
      guard files.current == path, Self.file(path) == file else { return nil }
      let value = try body(database)
      // Under another name nothing keeps the server's checkpoints off the pages that were read.
      guard files.current == path else {
        throw SavedStateError("the server has exchanged the database meanwhile; try again")
      }
      return value
    }
  }

  private static func file(_ path: String) -> UInt64? {
    var status = stat()
    return stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
  }
}

/// Why what is stored could not be saved or brought back. The text is for the operator.
package struct SavedStateError: Error, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}
