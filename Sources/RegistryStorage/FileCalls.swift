// The few system calls that change directories of databases.

import Glibc

/// Where a store's renames and removals go; tests let them fail.
package struct FileCalls: Sendable {
  package var rename: @Sendable (_ from: String, _ to: String) throws(FileError) -> Void
  /// It need not be there.
  package var remove: @Sendable (_ path: String) throws(FileError) -> Void
  /// Makes what was renamed and removed in the directory durable.
  package var syncDirectory: @Sendable (_ path: String) throws(FileError) -> Void

  package init(
    rename: @escaping @Sendable (_ from: String, _ to: String) throws(FileError) -> Void,
    remove: @escaping @Sendable (_ path: String) throws(FileError) -> Void,
    syncDirectory: @escaping @Sendable (_ path: String) throws(FileError) -> Void
  ) {
    self.rename = rename
    self.remove = remove
    self.syncDirectory = syncDirectory
  }

  package static let system = FileCalls(
    rename: { from, to throws(FileError) in
      guard Glibc.rename(from, to) == 0 else { throw FileError("renaming the database", errno) }
    },
    remove: { path throws(FileError) in
      guard unlink(path) == 0 || errno == ENOENT else {
        throw FileError("removing the old database's files", errno)
      }
    },
    syncDirectory: { path throws(FileError) in
      let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard descriptor >= 0 else { throw FileError("opening the data directory", errno) }
      defer { close(descriptor) }
      guard fsync(descriptor) == 0 else { throw FileError("syncing the data directory", errno) }
    })
}

/// A system call that failed. Clients are told of it too, so it names no path.
package struct FileError: Error, CustomStringConvertible {
  private let action: String
  private let code: Int32

  package init(_ action: String, _ code: Int32) {
    self.action = action
    self.code = code
  }

  package var description: String { "\(action) failed: \(String(cString: strerror(code)))" }
}
