// Keeps one instance registered.

package import JSONText
package import RollcallClient

/// Registers an instance, renews its lease, and registers it again when the server has lost it.
package struct LeaseKeeper: Sendable {
  /// What whoever runs the instance may want to know.
  package enum News: Sendable {
    /// With the instance as the server shows it.
    case registered(JSON)
    /// The first failure after a success.
    case failing(RollcallError)
    case renewedAgain
    case draining(until: String)
  }

  private static let shortestTimeout = Duration.seconds(1)

  private let client: APIClient
  private let name: InstanceName
  private let registration: JSON
  private let leaseSeconds: Int?
  private let tell: @Sendable (News) -> Void

  /// - Parameters:
  ///   - registration: the body of the registration, which says the same of the lease as
  ///     `leaseSeconds`; nil for a lease without end.
  package init(
    _ client: APIClient, _ name: InstanceName, _ registration: JSON, leaseSeconds: Int?,
    tell: @escaping @Sendable (News) -> Void
  ) {
    // A renewal that hangs is to leave time for another.
    let interval = LeasePlan(leaseSeconds: leaseSeconds).interval
    self.client = client.waiting(atMost: max(interval, Self.shortestTimeout))
    self.name = name
    self.registration = registration
    self.leaseSeconds = leaseSeconds
    self.tell = tell
  }

  /// Runs until the task is cancelled.
  ///
  /// - Throws: why the server refuses the first registration. What it refuses later may be mended
  ///   there, and an instance that works is not to end for it.
  package func run() async throws(RollcallError) {
    var plan = LeasePlan(leaseSeconds: leaseSeconds)
    var wasRegistered = false
    var isFailing = false
    while !Task.isCancelled {
      let outcome: LeasePlan.Outcome
      do throws(RollcallError) {
        try await carryOut(plan.step)
        outcome = .kept
        wasRegistered = true
        if isFailing, plan.step == .renew { tell(.renewedAgain) }
        isFailing = false
      } catch  where error.kind == .notFound && plan.step == .renew {
        outcome = .gone
      } catch {
        guard wasRegistered || error.isPassing else { throw error }
        if !isFailing, !Task.isCancelled { tell(.failing(error)) }
        isFailing = true
        outcome = .failed(asked: error.retryAfter)
      }
      let pause = plan.pause(after: outcome, random: .random(in: 0..<1))
      guard (try? await Task.sleep(for: pause)) != nil else { return }
    }
  }

  private func carryOut(_ step: LeasePlan.Step) async throws(RollcallError) {
    switch step {
    case .register: tell(.registered(try await register()))
    case .renew: _ = try await client.send(.renew(name))
    }
  }

  /// Goes on when the task is cancelled: a call that was cut off could take effect after the drain
  /// that follows, and would end it.
  private func register() async throws(RollcallError) -> JSON {
    let call = Task { () -> Result<JSON, RollcallError> in
      do throws(RollcallError) {
        return .success(try await client.send(.register(name, registration)))
      } catch {
        return .failure(error)
      }
    }
    return try await call.value.get()
  }

  // MARK: The end

  /// Drains the instance and returns when it is gone, its lease being renewed meanwhile so that its
  /// name stays as long as clients may look it up. Returns early when the task is cancelled.
  ///
  /// - Throws: why it can't be drained.
  package func drain() async throws(RollcallError) {
    let shown = try await client.send(.drain(name))
    guard let safeAt = shown["safe_at"]?.string else { return }
    tell(.draining(until: safeAt))
    await withTaskGroup(of: Void.self) { group in
      // The server says when it is gone; if it can't be asked, this machine's clock does.
      group.addTask { _ = try? await client.connection.waitUntilGone(name, safeAt) }
      group.addTask { await renewWhileDraining() }
      await group.next()
      group.cancelAll()
    }
  }

  /// Goes on until it is cancelled.
  private func renewWhileDraining() async {
    let interval = LeasePlan(leaseSeconds: leaseSeconds).interval
    while (try? await Task.sleep(for: interval)) != nil {
      _ = try? await client.send(.renew(name))
    }
  }

  /// Takes the instance out of the registry at once.
  package func deregister() async throws(RollcallError) {
    do throws(RollcallError) {
      _ = try await client.send(.deregister(name))
    } catch  where error.kind == .notFound {
      // That is what was wanted.
      return
    }
  }
}
