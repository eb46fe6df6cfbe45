// What an error of SQLite or of the file system means for a store.

import GRDB
import ServiceRegistry

extension StoreError {
  /// - Parameter isCommit: COMMIT itself failed, so that all had been written.
  init(_ error: any Error, isCommit: Bool = false) {
    let isFileAsBefore = (error as? DatabaseError)?.leavesFileAsBefore ?? false
    self.init(
      reason: faultText(error), isOutcomeUnknown: isCommit && !isFileAsBefore,
      needsReplacement: !isFileAsBefore)
  }
}

/// What is wrong, in one line without paths.
func faultText(_ error: any Error) -> String {
  guard let error = error as? DatabaseError else { return "\(error)" }
  return "\(error.fault) (SQLite error \(error.extendedResultCode.rawValue))"
}

extension DatabaseError {
  /// Whether SQLite has refused the transaction before it could be on disk, no sync has failed, and
  /// the next one may succeed. After any other error the file is not relied on any more: Linux may
  /// have dropped what it could not write, and then says that the next sync succeeded.
  ///
  /// `SQLITE_FULL` is among these also when COMMIT says so: the frame that makes a transaction
  /// count is the last one written to the log, and it is written in whole before it is synced.
  fileprivate var leavesFileAsBefore: Bool {
    switch resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_FULL, .SQLITE_CONSTRAINT, .SQLITE_ERROR: true
    default: false
    }
  }

  fileprivate var fault: String {
    switch resultCode {
    case .SQLITE_FULL: "the disk is full"
    case .SQLITE_BUSY, .SQLITE_LOCKED: "the database is locked by another process"
    case .SQLITE_READONLY: "the database or its directory is read-only"
    case .SQLITE_CANTOPEN: "the database's files can't be opened"
    case .SQLITE_NOTADB: "the file is not a database"
    case .SQLITE_CORRUPT: "the database is damaged"
    case .SQLITE_IOERR: ioFault
    default: message ?? "no words"
    }
  }

  private var ioFault: String {
    switch extendedResultCode {
    case .SQLITE_IOERR_FSYNC, .SQLITE_IOERR_DIR_FSYNC: "I/O error: the disk could not sync"
    case .SQLITE_IOERR_WRITE, .SQLITE_IOERR_TRUNCATE: "I/O error: the disk could not write"
    case .SQLITE_IOERR_READ, .SQLITE_IOERR_SHORT_READ: "I/O error: the disk could not read"
    default: "I/O error"
    }
  }
}
