// The services of this process that a mesh runs.

import ServiceLifecycle
import Synchronization

/// Runs what is added, before it runs and while it does.
final class MeshServices: Sendable {
  /// Services of one process.
  static let most = 1_000

  private let added: AsyncStream<any Service>
  private let adding: AsyncStream<any Service>.Continuation
  private let count = Mutex(0)

  init() {
    (added, adding) = AsyncStream.makeStream()
  }

  func add(_ service: any Service) throws(MeshError) {
    let isFree = count.withLock { count in
      guard count < Self.most else { return false }
      count += 1
      return true
    }
    try MeshError.check(isFree, "a mesh runs at most \(Self.most) services")
    guard case .enqueued = adding.yield(service) else {
      throw MeshError(.invalid, "the mesh has ended: no service can be added to it")
    }
  }

  /// One that fails ends them all.
  private func run(_ service: any Service) async throws {
    do {
      try await service.run()
    } catch {
      adding.finish()
      throw error
    }
  }

  /// Returns after a graceful shutdown, when all have ended.
  func run() async throws {
    try await withThrowingDiscardingTaskGroup { group in
      await withGracefulShutdownHandler {
        for await service in added {
          group.addTask { try await self.run(service) }
        }
      } onGracefulShutdown: { [adding] in
        adding.finish()
      }
    }
  }
}
