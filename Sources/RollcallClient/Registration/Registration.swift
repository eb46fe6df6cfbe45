// Keeps an instance registered for as long as the application runs.

import CoreMetrics
import FoundationEssentials
public import Logging
import NIOCore
public import ServiceLifecycle

/// A `Service` of swift-service-lifecycle that registers an instance, renews its lease, and takes
/// it out of the registry when the application shuts down gracefully.
///
/// The lease is renewed at a third of its length, give or take a tenth. When the server does not
/// know the instance any more, it is registered again at once. While the server is away it is tried
/// again after 0.5 s, then after doubled times up to 30 s or a third of the lease, varied so that
/// instances do not come back together; if the server says `Retry-After`, not before.
///
/// When the task of ``run()`` is cancelled, nothing more is said to the server, and the lease ends.
public final class Registration: Service {
  /// What happens at a graceful shutdown.
  public struct Ending: Sendable {
    fileprivate let drainLimit: Duration?

    /// Drains the instance and returns when the server says that it is gone: no answer that names
    /// it can be in a cache then. A server that is away or can't do it now is asked again.
    ///
    /// - Parameter limit: after which it is not waited any longer; the drain goes on at the server
    ///   if that has begun.
    public static func drain(atMost limit: Duration = .seconds(30)) -> Ending {
      Ending(drainLimit: limit)
    }

    /// Takes the instance out of the registry at once, though caches may still name it. A server
    /// that is away or can't do it now is asked again, for 5 s in all.
    public static var deregister: Ending { Ending(drainLimit: nil) }
  }

  private static let shortestTimeout = Duration.seconds(1)
  /// To deregister, while the application waits for its end.
  private static let farewellLimit = Duration.seconds(5)

  private let instance: Instance
  private let access: ServerAccess
  private let ending: Ending
  private let logger: Logger
  private let status: InstanceStatus

  /// - Parameters:
  ///   - instance: what is registered.
  ///   - access: the HTTP API of the server.
  ///   - ending: what happens at a graceful shutdown.
  ///   - logger: is told of registrations, outages and the end.
  public init(
    _ instance: Instance, at access: ServerAccess, ending: Ending = .drain(),
    logger: Logger = Logger(label: "rollcall.client")
  ) {
    self.instance = instance
    self.access = access
    self.ending = ending
    self.status = InstanceStatus(instance.status)
    var logger = logger
    logger[metadataKey: "service"] = "\(instance.service)"
    logger[metadataKey: "id"] = "\(instance.id)"
    self.logger = logger
  }

  /// Says how the instance is. The server is told at once or, while it is away, when it is back.
  public func setStatus(_ status: Instance.Status) {
    self.status.set(status)
  }

  /// Keeps the instance registered until the graceful shutdown or until the task is cancelled.
  ///
  /// - Throws: ``RollcallError`` with the server's reason when the first registration is refused
  ///   (400, 401, 403, 409, 422), or when the server can't be what it is said to be. What is
  ///   refused later may be mended at the server; it is logged and tried again, since an instance
  ///   that works is not to end for it.
  public func run() async throws {
    try await ServerConnection.with(access) { connection in
      // A renewal that hangs is to leave time for another.
      let patience = max(
        LeasePlan(leaseSeconds: instance.leaseSeconds).interval, Self.shortestTimeout)
      try await cancelWhenGracefulShutdown {
        try await self.keep(connection.waiting(atMost: patience))
      }
      guard !Task.isCancelled else { return }
      await end(connection)
    }
  }

  private var name: InstanceName { InstanceName(service: instance.service, id: instance.id) }

  // MARK: The lease

  private func keep(_ connection: ServerConnection) async throws(RollcallError) {
    var plan = LeasePlan(leaseSeconds: instance.leaseSeconds)
    var wasRegistered = false
    var isFailing = false
    while !Task.isCancelled {
      let outcome: LeasePlan.Outcome
      do throws(RollcallError) {
        try await carryOut(plan.step, connection)
        outcome = .kept
        if isFailing { logger.info("the lease is kept again") }
        (wasRegistered, isFailing) = (true, false)
        plan.step.count("kept")
      } catch  where error.kind == .notFound && plan.step == .renew {
        logger.notice("the server does not know the instance any more")
        status.noteTold(nil)
        outcome = .gone
        plan.step.count("gone")
      } catch {
        guard !Task.isCancelled else { return }
        guard wasRegistered || error.isPassing else { throw error }
        if !isFailing { logger.warning("the lease is not kept", metadata: ["reason": "\(error)"]) }
        isFailing = true
        outcome = .failed(asked: error.retryAfter)
        plan.step.count("failed")
      }
      let pause = plan.pause(after: outcome, random: .random(in: 0..<1))
      await status.sleep(for: pause, endsForNews: !isFailing)
    }
  }

  private func carryOut(
    _ step: LeasePlan.Step, _ connection: ServerConnection
  ) async throws(RollcallError) {
    switch step {
    case .register:
      try await register(connection)
      logger.info("registered")
    case .renew:
      let news = status.news
      try await connection.send(.renew(name, status: news?.rawValue))
      if let news { status.noteTold(news) }
    }
  }

  /// Goes on when the task is cancelled: a call that was cut off could take effect after the drain
  /// that follows, and would end it.
  private func register(_ connection: ServerConnection) async throws(RollcallError) {
    var instance = instance
    instance.status = status.current
    let body: [UInt8]
    do {
      body = Array(try JSONEncoder().encode(instance))
    } catch {
      throw RollcallError(.setting, "the instance can't be written as JSON: \(error)")
    }
    let call = ServerCall.register(name, body)
    let result = await Task { () -> Result<ByteBuffer, RollcallError> in
      do throws(RollcallError) {
        return .success(try await connection.send(call))
      } catch {
        return .failure(error)
      }
    }.value
    _ = try result.get()
    status.noteTold(instance.status)
  }

  // MARK: The end

  private func end(_ connection: ServerConnection) async {
    let limit = ending.drainLimit ?? Self.farewellLimit
    let reason: String
    do {
      switch try await within(limit, { try await self.leave(connection, limit) }) {
      case .gone?: return logger.info("the instance is gone")
      case .registered?: return logger.notice("the instance was registered anew, and stays")
      case .abandoned?: return
      case nil: reason = "it was not gone within \(limit)"
      }
    } catch {
      // Who is not there need not go.
      guard !Task.isCancelled, (error as? RollcallError)?.kind != .notFound else { return }
      reason = "\(error)"
    }
    logger.warning("the instance may stay until its lease ends", metadata: ["reason": "\(reason)"])
  }

  /// What may pass is tried again for as long as the end may take.
  private func leave(
    _ connection: ServerConnection, _ limit: Duration
  ) async throws(RollcallError) -> DrainEnd {
    if ending.drainLimit != nil { return try await drain(connection, limit) }
    try await connection.retrying(for: limit).send(.deregister(name, isRepeatable: true))
    return .gone
  }

  /// Waits until the instance is gone, its lease being renewed meanwhile so that its name stays as
  /// long as clients may look it up.
  private func drain(
    _ connection: ServerConnection, _ limit: Duration
  ) async throws(RollcallError) -> DrainEnd {
    let result = await withTaskGroup(of: Result<DrainEnd, RollcallError>?.self) { group in
      group.addTask { await self.waitForDrain(connection, limit) }
      group.addTask { await self.renewWhileDraining(connection) }
      defer { group.cancelAll() }
      for await case let result? in group { return result }
      return .success(.abandoned)
    }
    return try result.get()
  }

  private func waitForDrain(
    _ connection: ServerConnection, _ limit: Duration
  ) async -> Result<DrainEnd, RollcallError> {
    do throws(RollcallError) {
      let reply = try await connection.retrying(for: limit).send(.drain(name))
      let state = try DrainState(reply, from: access)
      return .success(try await connection.waitUntilGone(name, state.safeAt ?? ""))
    } catch {
      return .failure(error)
    }
  }

  /// Goes on until it is cancelled.
  private func renewWhileDraining(
    _ connection: ServerConnection
  ) async -> Result<DrainEnd, RollcallError>? {
    let interval = LeasePlan(leaseSeconds: instance.leaseSeconds).interval
    while (try? await Task.sleep(for: interval)) != nil {
      _ = try? await connection.send(.renew(name))
    }
    return nil
  }
}

extension LeasePlan.Step {
  fileprivate func count(_ outcome: String) {
    let label =
      self == .register
      ? "rollcall_client_registrations_total" : "rollcall_client_renewals_total"
    Counter(label: label, dimensions: [("outcome", outcome)]).increment()
  }
}
