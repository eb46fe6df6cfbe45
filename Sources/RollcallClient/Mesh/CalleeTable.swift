// All services that a mesh calls.

import Synchronization

/// One state for each service, for as many services as the configuration allows.
final class CalleeTable: Sendable {
  private struct Entry {
    let callee: SharedCallee
    let lastCalled: ContinuousClock.Instant
  }

  private let entries = Mutex<[String: Entry]>([:])
  private let configuration: MeshConfiguration

  init(_ configuration: MeshConfiguration) {
    self.configuration = configuration
  }

  /// For one call; who calls keeps it until the call has ended.
  func callee(_ service: String) -> SharedCallee {
    entries.withLock { entries in
      if entries[service] == nil { makeRoom(in: &entries) }
      let callee = entries[service]?.callee ?? SharedCallee(service, configuration)
      entries[service] = Entry(callee: callee, lastCalled: .now)
      return callee
    }
  }

  private func makeRoom(in entries: inout [String: Entry]) {
    guard entries.count >= configuration.mostServices else { return }
    let oldest = entries.min { $0.value.lastCalled < $1.value.lastCalled }
    if let oldest { entries[oldest.key] = nil }
  }
}
