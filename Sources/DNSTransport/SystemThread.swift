// A thread of the operating system, outside Swift's cooperative pool, for code that blocks.

import CLinuxSockets
import Glibc

/// A joinable thread that takes no signals.
struct SystemThread: Sendable {
  /// Octets of a name that Linux keeps.
  fileprivate static let nameLimit = 15

  private let id: pthread_t

  /// Runs `body` on a new thread. `name` shows in ps and top, cut to 15 octets.
  static func start(
    name: String, _ body: @escaping @Sendable () -> Void
  ) throws(TransportError) -> SystemThread {
    // A thread begins with its creator's mask, so there is no moment in which it takes a signal.
    var mask = blockSignals()
    defer { pthread_sigmask(SIG_SETMASK, &mask, nil) }
    let start = Start(name: name, body: body)
    var id = pthread_t()
    let argument = Unmanaged.passRetained(start).toOpaque()
    let result = pthread_create(&id, nil, threadMain, argument)
    guard result == 0 else {
      Unmanaged<Start>.fromOpaque(argument).release()
      throw .cannotStart(reason: "no thread for \(name): \(errorText(result))")
    }
    return SystemThread(id: id)
  }

  /// Blocks until the thread has ended.
  func join() {
    pthread_join(id, nil)
  }

  /// Waits without blocking the caller's thread until all `threads` have ended.
  static func join(_ threads: [SystemThread]) async {
    guard !threads.isEmpty else { return }
    await withCheckedContinuation { continuation in
      let joiner = try? start(name: "dns-join") {
        for thread in threads { thread.join() }
        continuation.resume()
      }
      if let joiner {
        pthread_detach(joiner.id)
      } else {
        // No thread to wait on: the threads that end are about to, so block for that moment.
        for thread in threads { thread.join() }
        continuation.resume()
      }
    }
  }
}

extension SystemThread {
  /// Returns the mask from before.
  private static func blockSignals() -> sigset_t {
    var blocked = sigset_t()
    var before = sigset_t()
    sigfillset(&blocked)
    // Faults of the thread itself: blocked, they would kill the process without a backtrace.
    for fault in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT] {
      sigdelset(&blocked, fault)
    }
    pthread_sigmask(SIG_BLOCK, &blocked, &before)
    return before
  }
}

private final class Start: Sendable {
  let name: String
  let body: @Sendable () -> Void

  init(name: String, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }
}

private func threadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
  CLinuxNameThread(String(start.name.utf8.prefix(SystemThread.nameLimit)))
  start.body()
  return nil
}
