// The files that a database is made of, and how a new database takes the place of an old one.

import Glibc

/// A database's own file, what SQLite keeps beside it, and the one that is to follow it.
///
/// A new database is written as ``partial``, which is worth nothing, and synced; the name ``whole``
/// says that it is complete. From that rename on it counts, whatever stands at ``path``: whoever
/// opens the database finishes the exchange first. SQLite would take a write-ahead log for the new
/// database's that was the old one's, so that is removed, durably, before the last rename. Cut off
/// between any two steps, a start finds the old database with its log, or the new one.
struct DatabaseFiles: Sendable {
  let path: String
  let calls: FileCalls

  var partial: String { "\(path).partial" }
  var whole: String { "\(path).whole" }

  /// The write-ahead log, its index, and the journal of a change of the journal's kind.
  private static let companions = ["-wal", "-shm", "-journal"]

  /// There from a failed sync until all is written anew: Linux may show what never reached the
  /// disk, also to the next process. The mark itself need not be synced, as a power cut takes away
  /// with it what it warns of.
  private var suspect: String { "\(path).suspect" }

  var isSuspect: Bool { access(suspect, F_OK) == 0 }

  /// Nothing is left to do if this fails too.
  func markSuspect() {
    let descriptor = open(suspect, O_WRONLY | O_CREAT | O_CLOEXEC, 0o640)
    if descriptor >= 0 { close(descriptor) }
  }

  /// Removes what is left of a database that was not completed.
  func removePartial() throws(FileError) {
    try removeCompanions(of: partial)
    try calls.remove(partial)
  }

  /// Puts the new database, which must be written and synced, in the place of the old one.
  func replace() throws(FileError) {
    try removeCompanions(of: partial)
    try calls.rename(partial, whole)
    try finishReplacement()
  }

  /// Gives a database, which must be written and synced, the name at which there is none.
  func takeName() throws(FileError) {
    try removeCompanions(of: partial)
    try calls.rename(partial, path)
    try calls.syncDirectory(directory)
  }

  /// Makes the names of the database and its log durable, once both are there. SQLite syncs the
  /// directory with the first sync of a new file, but takes a failure of that for success: what was
  /// committed later would be in a log that has no name after a power cut.
  func syncNames() throws(FileError) {
    try calls.syncDirectory(directory)
  }

  /// The file that holds what was committed.
  var current: String { access(whole, F_OK) == 0 ? whole : path }

  /// Does what is left to do of an exchange that was cut off.
  func settle() throws(FileError) {
    if access(whole, F_OK) == 0 { try finishReplacement() }
    if access(partial, F_OK) == 0 { try removePartial() }
  }

  /// The new database is never removed: once the old one's log is gone, it alone is complete.
  private func finishReplacement() throws(FileError) {
    try calls.syncDirectory(directory)
    try removeCompanions(of: path)
    // Of somebody who reads.
    try removeCompanions(of: whole)
    try calls.syncDirectory(directory)
    try calls.rename(whole, path)
    try calls.syncDirectory(directory)
    try calls.remove(suspect)
  }

  private func removeCompanions(of path: String) throws(FileError) {
    for suffix in Self.companions { try calls.remove(path + suffix) }
  }

  private var directory: String { Self.directory(of: path) }

  /// What has the entry of a file or directory.
  static func directory(of path: String) -> String {
    let end = path.lastIndex { $0 != "/" } ?? path.startIndex
    guard let slash = path[..<end].lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
