// A program that a test has started, with its output in files.

package import Glibc
import Synchronization

/// A child process. Whoever starts one ends it.
package final class Child: Sendable {
  package enum End: Equatable {
    case exit(Int32)
    case signal(Int32)
  }

  package let pid: pid_t
  private let ended = Mutex<End?>(nil)

  /// Starts `arguments[0]`, found along PATH, in `directory`.
  ///
  /// Foundation's Process is not used: where many descriptors are open, it can read past the end of
  /// a list of them (swift-corelibs-foundation of Swift 6.3), which ends the whole test run.
  package init(
    _ arguments: [String], environment: [String: String], directory: String,
    input: String = "/dev/null", output: String, errors: String
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input, O_RDONLY, 0)
    for (descriptor, path) in [(STDOUT_FILENO, output), (STDERR_FILENO, errors)] {
      posix_spawn_file_actions_addopen(
        &actions, descriptor, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    Self.resetSignals(&attributes)

    // Its own call for the directory is hidden from Swift; `env` becomes the program.
    let words = (["env", "-C", directory] + arguments).map { strdup($0) }
    let variables = environment.map { strdup("\($0)=\($1)") }
    defer { for text in words + variables { free(text) } }
    var pid: pid_t = 0
    let status = posix_spawnp(
      &pid, "env", &actions, &attributes, words + [nil], variables + [nil])
    guard status == 0 else {
      throw Failure("\(arguments[0]) can't be started: \(String(cString: strerror(status)))")
    }
    self.pid = pid
  }

  /// The test's threads block signals, and a child would inherit that.
  private static func resetSignals(_ attributes: inout posix_spawnattr_t) {
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for signal in [SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGCHLD] { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
  }

  /// How it ended; nil while it runs.
  package var end: End? {
    ended.withLock { ended in
      if ended == nil, let status = Self.reap(pid, WNOHANG) { ended = status }
      return ended
    }
  }

  package func send(_ signal: Int32) {
    ended.withLock { ended in
      // Once it has been waited for, its id may be another program's.
      if ended == nil { Glibc.kill(pid, signal) }
    }
  }

  /// Kills it if it still runs, and waits for its end.
  package func kill() {
    send(SIGKILL)
    ended.withLock { ended in
      if ended == nil { ended = Self.reap(pid, 0) }
    }
  }

  /// Waits for its end; kills it when that does not come in time.
  package func waitForEnd(within limit: Duration = .seconds(20)) async throws -> End {
    do {
      try await wait(for: "the end of process \(pid)", within: limit, pause: .milliseconds(2)) {
        end != nil
      }
    } catch {
      kill()
      throw error
    }
    return end!
  }

  private static func reap(_ pid: pid_t, _ options: Int32) -> End? {
    var status: Int32 = 0
    var result: pid_t
    repeat { result = waitpid(pid, &status, options) } while result < 0 && errno == EINTR
    guard result == pid else { return nil }
    let signal = status & 0x7F
    return signal == 0 ? .exit(status >> 8 & 0xFF) : .signal(signal)
  }
}
