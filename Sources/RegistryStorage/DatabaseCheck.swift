// Whether a file that is there is a database of this program, and what to do if not.

import GRDB
import Glibc

/// Looks at a file without changing it: opening it for writing would already turn its journal into
/// a write-ahead log.
struct DatabaseCheck {
  let path: String

  /// - Throws: what is wrong with the file, which is right if it is not there.
  func check() throws {
    guard access(path, F_OK) == 0 else { return }
    do {
      try check(isReadOnly: true)
    } catch let error as DatabaseError
      where error.extendedResultCode == .SQLITE_READONLY_ROLLBACK
    {
      // A crash before it had a write-ahead log: to read it is to finish what its journal says.
      try check(isReadOnly: false)
    }
  }

  private func check(isReadOnly: Bool) throws {
    var configuration = SQLiteStore.configuration
    configuration.readonly = isReadOnly
    let database = try DatabaseQueue(path: path, configuration: configuration)
    defer { try? database.close() }
    try database.read { database in
      let id = try Int32.fetchOne(database, sql: "PRAGMA application_id")
      let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema")
      guard id == SQLiteStore.applicationID || tables == 0 else { throw Refusal.foreign }
      guard try !Schema.migrator.hasBeenSuperseded(database) else { throw Refusal.newer }
      // Finds what reading the rows does not, such as pages that lead nowhere; what a name or a
      // registration may say is looked at as they are read.
      let verdict = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
      guard verdict == "ok" else {
        throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: verdict)
      }
    }
  }

  private enum Refusal: Error, CustomStringConvertible {
    case foreign
    case newer

    var description: String {
      switch self {
      case .foreign: "it belongs to another program; choose another --data"
      case .newer:
        "a later version of Rollcall has written it; run that version, or restore what was saved"
          + " before it"
      }
    }
  }

  /// What `error` says about the database at `path`, and how to go on.
  static func words(_ error: any Error, _ path: String) -> String {
    let words = faultText(error)
    switch (error as? DatabaseError)?.resultCode {
    case .SQLITE_NOTADB?, .SQLITE_CORRUPT?:
      return "\(words); it was left as it is: move it away (with \(path)-wal) to begin with an"
        + " empty one, or put a saved one in its place"
    case .SQLITE_CANTOPEN?, .SQLITE_READONLY?:
      return "\(words); the server must be able to write to the file and to its directory"
    case .SQLITE_BUSY?, .SQLITE_LOCKED?:
      return "\(words); end it"
    default:
      return words
    }
  }
}
