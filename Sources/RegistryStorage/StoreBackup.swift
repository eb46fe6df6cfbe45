// A copy of the database as one file.

import GRDB
import Glibc

extension StoreSnapshot {
  /// Pages between two looks at how far it is.
  private static let pages: CInt = 2_048

  /// Copies all that is stored at one moment to `path`, which must not be there yet. The copy is
  /// checked and synced before it gets its name.
  ///
  /// - Parameter progress: is told how much of it is done, from 0 to 1.
  package func backUp(
    to path: String, progress: @escaping (Double) -> Void
  ) throws(SavedStateError) {
    guard access(path, F_OK) != 0 else {
      throw SavedStateError("\(path) is there already; name a file that is not")
    }
    let files = DatabaseFiles(path: path, calls: .system)
    do {
      try files.removePartial()
      try Self.makeFile(files.partial)
      try copy(to: files.partial, progress: progress)
      try files.takeName()
    } catch {
      try? files.removePartial()
      throw error as? SavedStateError
        ?? SavedStateError("the backup to \(path) failed: \(faultText(error))")
    }
  }

  /// Writes all that is stored to a new file, synced, and puts that in the place of the old one.
  func writeAnew() throws {
    try files.removePartial()
    try copy(to: files.partial) { _ in }
    try files.replace()
  }

  /// For its owner alone from the beginning.
  private static func makeFile(_ path: String) throws(FileError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileError("making the file", errno) }
    close(descriptor)
  }

  private func copy(to path: String, progress: @escaping (Double) -> Void) throws {
    let copy = try DatabaseQueue(path: path, configuration: SQLiteStore.configuration)
    try read { source in
      try copy.writeWithoutTransaction { copy in
        try source.backup(to: copy, pagesPerStep: Self.pages) { state in
          progress(Double(state.completedPageCount) / Double(max(1, state.totalPageCount)))
        }
      }
    }
    let verdict = try copy.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") }
    guard verdict == "ok" else {
      throw SavedStateError("what is stored is damaged: \(verdict ?? "no answer")")
    }
    try copy.close()
  }
}
