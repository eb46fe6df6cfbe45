// Files that are read whole, and replaced whole or not at all.

import Glibc

enum SmallFile {
  /// Octets of a file at most.
  static let lengthLimit = 1_048_576

  struct Contents {
    let octets: [UInt8]
    /// What the file system says of who may do what.
    let mode: mode_t
  }

  static func read(_ path: String) throws(SettingError) -> Contents {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw failure(path) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw failure(path) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw SettingError("\(path): is no file") }
    guard status.st_size <= lengthLimit else {
      throw SettingError("\(path): is longer than \(lengthLimit) octets")
    }
    var octets: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while octets.count <= lengthLimit {
      let count = Glibc.read(file, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure(path) }
      if count == 0 { break }
      octets += buffer[..<count]
    }
    return Contents(octets: octets, mode: status.st_mode)
  }

  /// Whoever opens the file sees it as it was or as it is, also after a power failure. Owner and
  /// permissions stay; a new file can be read by everybody and written by its owner.
  static func replace(_ path: String, with text: String) throws(SettingError) {
    var status = stat()
    let isThere = stat(path, &status) == 0
    let temporary = "\(path).new-\(getpid())"
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure(temporary) }
    defer { close(file) }
    do throws(SettingError) {
      if isThere, status.st_uid != getuid() || status.st_gid != getgid() {
        // Only root can; else the file becomes the caller's.
        _ = fchown(file, status.st_uid, status.st_gid)
      }
      guard fchmod(file, isThere ? status.st_mode & 0o775 : 0o644) == 0,
        write(Array(text.utf8), to: file), fsync(file) == 0,
        rename(temporary, path) == 0, syncDirectory(of: path)
      else { throw failure(path) }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  private static func write(_ octets: [UInt8], to file: Int32) -> Bool {
    var rest = octets[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      guard count > 0 || errno == EINTR else { return false }
      rest = rest.dropFirst(max(0, count))
    }
    return true
  }

  private static func syncDirectory(of path: String) -> Bool {
    let directory = open(directoryName(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { return false }
    defer { close(directory) }
    return fsync(directory) == 0
  }

  /// Calls `body` while nobody else who calls this for a file in the same directory does.
  static func withLock<Result>(
    beside path: String, _ body: () throws -> Result
  ) throws -> Result {
    let directory = open(directoryName(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw failure(directoryName(path)) }
    // Closing gives the lock up.
    defer { close(directory) }
    guard flock(directory, LOCK_EX) == 0 else { throw failure(directoryName(path)) }
    return try body()
  }

  private static func directoryName(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func failure(_ path: String) -> SettingError {
    SettingError("\(path): \(String(cString: strerror(errno)))")
  }
}
