// Lines on standard error.

import Glibc

enum StandardError {
  /// Whether a line can be written without waiting for a reader.
  static var isWritable: Bool {
    var place = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
    return poll(&place, 1, 0) == 1
  }

  /// Writes `line` and a line break in one call, so that lines of several threads don't mix.
  static func write(line: String) {
    var rest = Array("\(line)\n".utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      // Nobody is left to tell that nobody reads.
      guard written > 0 || errno == EINTR else { return }
      rest = rest.dropFirst(max(0, written))
    }
  }
}
