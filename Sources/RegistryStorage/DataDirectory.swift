// The directory that holds a server's state, and the lock that keeps a second server off it.

import Glibc

/// An opened data directory. The lock is held until this is released, or the process ends however
/// it does.
package final class DataDirectory: Sendable {
  package let path: String
  private let lock: Int32

  /// Makes the directory if it is not there, and locks it.
  package init(path: String) throws(DataDirectoryError) {
    self.path = path
    if mkdir(path, 0o750) != 0 && errno != EEXIST {
      throw .unusable(path, reason: String(cString: strerror(errno)))
    }
    lock = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
    guard lock >= 0 else {
      throw .unusable(path, reason: String(cString: strerror(errno)))
    }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      let isTaken = errno == EWOULDBLOCK
      let reason = String(cString: strerror(errno))
      close(lock)
      throw isTaken ? .inUse(path) : .unusable(path, reason: reason)
    }
    do {
      try Self.syncEntry(of: path)
    } catch {
      close(lock)
      throw .unusable(path, reason: "\(error)")
    }
  }

  /// Makes the directory itself durable, whoever made it and when: it may be new, or be left by a
  /// start that was cut off. Who may not read the directory above did not make it.
  private static func syncEntry(of path: String) throws(FileError) {
    let parent = DatabaseFiles.directory(of: path)
    guard access(parent, R_OK) == 0 else { return }
    try FileCalls.system.syncDirectory(parent)
  }

  deinit {
    close(lock)
  }

  /// The file that the registrations are in.
  package var databasePath: String { Self.databasePath(in: path) }

  static func databasePath(in directory: String) -> String { "\(directory)/rollcall.db" }
}

package enum DataDirectoryError: Error, Equatable, CustomStringConvertible {
  case inUse(String)
  case unusable(String, reason: String)

  package var description: String {
    switch self {
    case .inUse(let path):
      "the data directory \(path) is in use by another server; stop it or choose another --data"
    case .unusable(let path, let reason):
      "the data directory \(path) can't be used: \(reason)"
    }
  }
}
