// The trial with real servers on loopback and the real HTTP client.

import MetricsTestKit
import NIOCore
package import RollcallClient
import Synchronization

/// Servers that fail as planned, and calls at an even rate, whether the earlier ones are over or
/// not.
package final class LoopbackMesh: Sendable {
  private struct Directory: ServiceDirectory {
    let endpoints: [Endpoint]

    func endpoints(of service: String) async throws -> [Endpoint] { endpoints }
  }

  private struct State {
    var faults: [Fault?]
    var servers: [LoopbackServer] = []
    var mesh: ServiceMesh?
    var result: TrialResult
  }

  private static let service = "web"
  /// Of an instance that is slow: more than a try may take.
  private static let slowness = Int64(400)

  private let plan: FaultPlan
  private let length: Duration
  private let rate: Int
  private let state: Mutex<State>
  private let clock = ContinuousClock()
  private let start = ContinuousClock.now

  /// - Parameter rate: calls a second.
  package static func run(
    seed: UInt64, length: Duration, rate: Int,
    configuration: MeshConfiguration = TrialResult.configuration
  ) async throws -> TrialResult {
    let plan = FaultPlan(seed: seed, length: length, lasting: 1...15)
    let trial = LoopbackMesh(plan, length: length, rate: rate)
    return try await trial.perform(configuration)
  }

  private init(_ plan: FaultPlan, length: Duration, rate: Int) {
    self.plan = plan
    self.length = length
    self.rate = rate
    state = Mutex(
      State(
        faults: Array(repeating: nil, count: plan.instances),
        result: TrialResult(instances: plan.instances)))
  }

  private func perform(_ configuration: MeshConfiguration) async throws -> TrialResult {
    let metrics = TestMetrics()
    var configuration = configuration
    configuration.metrics = metrics
    let servers = try await startServers()
    let mesh = try ServiceMesh(
      directory: Directory(
        endpoints: servers.enumerated().map { number, server in
          Endpoint(address: "127.0.0.1", port: server.port, host: "i\(number)")
        }),
      configuration: configuration)
    state.withLock { ($0.servers, $0.mesh) = (servers, mesh) }
    try await withThrowingTaskGroup { group in
      group.addTask { try await self.carryOutPlan() }
      group.addTask { try await self.makeCalls(mesh) }
      try await group.waitForAll()
    }
    for server in servers { await server.die() }
    return try state.withLock { state in
      state.mesh = nil
      func count(_ name: String) throws -> Int {
        let label = "rollcall_client_\(name)_total"
        return Int(try metrics.expectCounter(label, [("service", Self.service)]).totalValue)
      }
      state.result.retries = try count("retries")
      state.result.ejections = try count("ejections")
      state.result.returns = try count("returns")
      return state.result
    }
  }

  private func startServers() async throws -> [LoopbackServer] {
    var servers: [LoopbackServer] = []
    for number in 0..<plan.instances {
      servers.append(try await LoopbackServer.start { _ in self.respond(number) })
    }
    return servers
  }

  private func respond(_ number: Int) -> LoopbackServer.Action {
    let now = clock.now - start
    return state.withLock { state in
      let inUse = state.mesh?.instancesInUse(of: Self.service).compactMap { endpoint in
        state.servers.firstIndex { $0.port == endpoint.port }
      }
      // Else it is the call that decides about its return. Tries that reach no server are not
      // counted: the simulation, which counts choices, is what proves the shares.
      if let inUse, inUse.contains(number) {
        state.result.shares.count(number, amid: inUse, at: now)
      }
      switch state.faults[number] {
      case nil: return .reply(200, body: "\(number)")
      case .dead: return .disconnect
      case .hanging: return .silence
      case .slow: return .late(.milliseconds(Self.slowness), body: "late")
      case .unavailable: return .reply(503)
      }
    }
  }

  private func carryOutPlan() async throws {
    for change in plan.changes {
      try await clock.sleep(until: start + change.time)
      let (server, earlier) = state.withLock { state in
        defer { state.faults[change.instance] = change.fault }
        return (state.servers[change.instance], state.faults[change.instance])
      }
      if change.fault == .dead { await server.die() }
      if earlier == .dead { try await server.revive() }
    }
  }

  private func makeCalls(_ mesh: ServiceMesh) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      for turn in 0..<Int(length / .seconds(1)) * rate {
        try await clock.sleep(until: start + .seconds(Double(turn) / Double(rate)))
        group.addTask { await self.call(mesh) }
      }
    }
  }

  private func call(_ mesh: ServiceMesh) async {
    let begin = clock.now
    let tries: Int
    let isSuccess: Bool
    do throws(MeshError) {
      let response = try await mesh.call(from: "trial", to: Self.service)
      (tries, isSuccess) = (response.tries, response.status == 200)
    } catch {
      (tries, isSuccess) = (error.tries, false)
    }
    let elapsed = clock.now - begin
    state.withLock { state in
      state.result.calls += 1
      state.result.tries += tries
      state.result.longestCall = max(state.result.longestCall, elapsed)
      if isSuccess, elapsed <= TrialResult.deadline { state.result.succeeded += 1 }
    }
  }
}
