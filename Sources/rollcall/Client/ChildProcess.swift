// A command that this program runs.

import Dispatch
import Glibc
import Synchronization

final class ChildProcess: Sendable {
  let pid: pid_t
  private let hasEnded = Mutex(false)
  private let queue = DispatchQueue(label: "rollcall.command")

  /// Starts `command`, found along PATH, in a process group of its own: what a terminal sends to
  /// ours does not reach it but through this program.
  ///
  /// - Parameters:
  ///   - defaultSignals: those that it is to have the usual reaction to.
  ///   - hidden: variables of the environment that are not for it.
  init(
    _ command: [String], defaultSignals: [Int32], without hidden: [String]
  ) throws(CommandError) {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    // Threads of Swift's pool block signals, and the command would inherit that.
    posix_spawnattr_setsigmask(&attributes, &signals)
    for signal in defaultSignals { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

    let words = command.map { strdup($0) }
    let variables = Self.environment(without: hidden).map { strdup($0) }
    defer { for text in words + variables { free(text) } }
    var pid: pid_t = 0
    let status = posix_spawnp(&pid, command[0], nil, &attributes, words + [nil], variables + [nil])
    guard status == 0 else { throw CommandError(command: command[0], errno: status) }
    self.pid = pid
  }

  private static func environment(without hidden: [String]) -> [String] {
    var variables: [String] = []
    var entry = environ
    while let text = entry.pointee {
      variables.append(String(cString: text))
      entry += 1
    }
    return variables.filter { variable in !hidden.contains { variable.hasPrefix($0 + "=") } }
  }

  func send(_ signal: Int32) {
    hasEnded.withLock { hasEnded in
      // Once it has been waited for, its number may be another process's.
      if !hasEnded { kill(pid, signal) }
    }
  }

  /// - Returns: the exit status, or 128 and the number of the signal that ended it.
  func waitForEnd() async -> Int32 {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: self.reap()) }
    }
  }

  private func reap() -> Int32 {
    // Not yet for good, which would free its number while somebody is about to send a signal.
    var info = siginfo_t()
    while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    return hasEnded.withLock { hasEnded in
      hasEnded = true
      var status: Int32 = 0
      while waitpid(pid, &status, 0) < 0, errno == EINTR {}
      let signal = status & 0x7F
      return signal == 0 ? status >> 8 & 0xFF : 128 + signal
    }
  }
}

/// A command that can't be run.
struct CommandError: Error, CustomStringConvertible {
  let description: String
  /// As shells have it: 127 where there is no such command, 126 where it can't be run.
  let exitStatus: Int32

  init(command: String, errno: Int32) {
    description = "\(command) can't be run: \(String(cString: strerror(errno)))"
    exitStatus = errno == ENOENT ? 127 : 126
  }
}
