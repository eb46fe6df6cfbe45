// How far long work is, for a person at a terminal.

import Glibc

/// Shows a percentage on standard error, in place, unless that is no terminal.
final class ProgressLine {
  private let isShown = isatty(STDERR_FILENO) == 1
  private let action: String
  private var percent = -1

  init(_ action: String) {
    self.action = action
  }

  /// - Parameter part: from 0 to 1.
  func show(_ part: Double) {
    let now = Int(part * 100)
    guard isShown, now != percent else { return }
    percent = now
    write("\r\(now) % \(action)")
  }

  func end() {
    if percent >= 0 { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) {
    _ = text.utf8.withContiguousStorageIfAvailable {
      Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count)
    }
  }
}
