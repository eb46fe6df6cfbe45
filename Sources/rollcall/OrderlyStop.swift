// The end of the server: asked for by a signal, orderly, and in bounded time.

import Dispatch
import Glibc
import Logging
import ServiceLifecycle
import Synchronization

/// Has a service group shut down at the first SIGTERM or SIGINT. What is not finished within the
/// limit, or when a second signal comes, is left: all that was acknowledged is on disk.
///
/// It runs on a queue of its own, so that nothing that hangs can keep the program from ending.
final class OrderlyStop: Sendable {
  /// The exit status when something that was under way was left.
  static let unfinishedStatus: Int32 = 3

  private let group: ServiceGroup
  /// In seconds.
  private let limit: Int
  private let manager: ServiceManager
  private let logger: Logger
  private let queue = DispatchQueue(label: "rollcall.stop")
  private let isStopping = Atomic(false)

  init(_ group: ServiceGroup, limit: Int, _ manager: ServiceManager, _ logger: Logger) {
    self.group = group
    self.limit = limit
    self.manager = manager
    self.logger = logger
  }

  /// Runs the group until it has shut down. From the first signal on, the program ends within the
  /// limit also after this has returned.
  func run() async throws {
    let sources = [SIGTERM, SIGINT].map { signal in
      let source = DispatchSource.makeSignalSource(signal: signal, queue: queue)
      source.setEventHandler { [self] in stop() }
      source.activate()
      return source
    }
    try await group.run()
    withExtendedLifetime(sources) {}
  }

  private func stop() {
    guard !isStopping.exchange(true, ordering: .relaxed) else {
      leave("ended by a second signal; what was under way is not finished")
    }
    queue.asyncAfter(deadline: .now() + .seconds(limit)) { [self] in
      leave("what was under way could not be finished within stop_seconds")
    }
    Task { await group.triggerGracefulShutdown() }
    manager.tellStopping(limit: limit)
    logger.notice("stopping", metadata: ["stop_seconds": "\(limit)"])
  }

  private func leave(_ reason: Logger.Message) -> Never {
    // If nobody reads the log any more, this is perhaps why the end did not come.
    if StandardError.isWritable { logger.error(reason, metadata: ["stop_seconds": "\(limit)"]) }
    _exit(Self.unfinishedStatus)
  }
}
