// Where a subcommand writes: a file that appears when it is complete, or standard output.

import Glibc
import SystemPackage

final class OutputFile {
  private let path: String?
  private let descriptor: Int32
  private var isFinished = false

  /// - Parameter path: of a file that is not there yet; nil: standard output.
  init(path: String?) throws(OutputError) {
    self.path = path
    guard let path else {
      descriptor = STDOUT_FILENO
      return
    }
    guard access(path, F_OK) != 0 else {
      throw OutputError("\(path) is there already; name a file that is not")
    }
    descriptor = open(Self.partial(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw OutputError("\(path) can't be made: \(Self.reason)") }
  }

  deinit {
    guard let path else { return }
    close(descriptor)
    if !isFinished { unlink(Self.partial(path)) }
  }

  private static func partial(_ path: String) -> String { path + ".partial" }
  private static var reason: String { String(cString: strerror(errno)) }

  func write(_ octets: [UInt8]) throws {
    var rest = octets[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard written > 0 || errno == EINTR else {
        throw OutputError("\(path ?? "standard output") can't be written: \(Self.reason)")
      }
      rest = rest.dropFirst(max(0, written))
    }
  }

  /// Syncs the file and gives it its name, which is on disk too when this returns.
  func finish() throws(OutputError) {
    guard let path else { return }
    guard fsync(descriptor) == 0, rename(Self.partial(path), path) == 0,
      Self.syncDirectory(of: path)
    else {
      throw OutputError("\(path) can't be written: \(Self.reason)")
    }
    isFinished = true
  }

  private static func syncDirectory(of path: String) -> Bool {
    let directory = FilePath(path).removingLastComponent()
    let name = directory.isEmpty ? "." : directory.string
    let descriptor = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return fsync(descriptor) == 0
  }
}

struct OutputError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
