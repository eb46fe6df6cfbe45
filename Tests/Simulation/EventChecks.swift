// Somebody who follows the events of a simulated history, and must end where the registry is.

import ServiceRegistry
import TestSupport

/// What a client knows that has seen all events, or has listed when it was told to.
struct Follower {
  var revision: UInt64 = 0
  /// Of each instance, by its last event.
  var instances: [InstanceKey: UInt64] = [:]
  /// How many instances there may be beside those: when these were listed, the others' leases had
  /// ended, and that was not committed yet.
  var unlisted = 0...0

  mutating func take(_ event: RegistryEvent) throws(BrokenPromise) {
    try expect(.events, event.revision > revision, "\(event) comes after revision \(revision)")
    revision = event.revision
    switch event.kind {
    case .registered, .replaced, .statusChanged, .draining:
      if let key = event.key { instances[key] = event.revision }
    case .deregistered, .expired, .drained:
      guard event.key.flatMap({ instances.removeValue(forKey: $0) }) == nil else { break }
      try expect(
        .events, unlisted.upperBound > 0, "\(event) is of an instance that there was not")
      unlisted = max(0, unlisted.lowerBound - 1)...(unlisted.upperBound - 1)
    case .serviceConfigured: break
    case .serviceRemoved:
      instances = instances.filter { $0.key.service != event.service }
      // Perhaps some were of the service.
      unlisted = 0...unlisted.upperBound
    case .held:
      throw BrokenPromise(.events, "a hold is in the log")
    }
  }
}

extension Simulation {
  /// - Throws: when the events do not make what there is.
  mutating func checkEvents() async throws {
    let registry = server.registry
    var shown: [InstanceKey: UInt64]
    var count: Int
    repeat {
      try await follow()
      shown = try await listInstances()
      count = await registry.figures.instances
      // What is committed meanwhile is looked at again.
    } while await registry.publishedRevision != follower.revision
    for (key, revision) in shown {
      let told = follower.instances[key].map { "\($0)" } ?? "nothing"
      try expect(
        .events, follower.instances[key] == revision,
        "\(key) has revision \(revision), and the events told \(told)")
    }
    // Those whose lease has ended are not shown, and gone only when that is committed.
    let known = follower.instances.count
    try expect(
      .events, follower.unlisted.contains(count - known),
      "there are \(count) instances, and by the events \(known) and \(follower.unlisted) others")
  }

  private mutating func follow() async throws {
    var isLast = false
    while !isLast {
      guard let page = await server.registry.events(after: follower.revision, where: { _ in true })
      else {
        // After a crash the log is empty, and a change that was in doubt may have been stored.
        try await listAnew()
        return
      }
      for published in page.events { try follower.take(published.event) }
      follower.revision = page.reached
      isLast = page.isLast
    }
  }

  private mutating func listAnew() async throws {
    let registry = server.registry
    repeat {
      follower = Follower(
        revision: await registry.publishedRevision, instances: try await listInstances())
      let others = await registry.figures.instances - follower.instances.count
      follower.unlisted = others...others
      // What is committed meanwhile would be in one of these and not in another.
    } while await registry.publishedRevision != follower.revision
  }

  private func listInstances() async throws -> [InstanceKey: UInt64] {
    var revisions: [InstanceKey: UInt64] = [:]
    for name in await server.registry.serviceNames() {
      for view in (try? await server.registry.service(name))?.instances ?? [] {
        revisions[view.instance.key] = view.instance.revision
      }
    }
    return revisions
  }
}
