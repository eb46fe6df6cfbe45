// The status that an application gives its instance, and the sleep that a change of it ends.

import Synchronization

/// Holds the status, and sleeps between renewals until there is another.
final class InstanceStatus: Sendable {
  private struct State {
    var current: Instance.Status
    /// What the server knows; nil before it is told.
    var told: Instance.Status?
    var sleep: Task<Void, Never>?
  }

  private let state: Mutex<State>

  init(_ status: Instance.Status) {
    state = Mutex(State(current: status))
  }

  func set(_ status: Instance.Status) {
    state.withLock { state in
      state.current = status
      if status != state.told { state.sleep?.cancel() }
    }
  }

  var current: Instance.Status { state.withLock(\.current) }

  /// What the next renewal has to say; nil if the server knows it.
  var news: Instance.Status? { state.withLock { $0.current == $0.told ? nil : $0.current } }

  /// - Parameter status: nil if the server knows nothing.
  func noteTold(_ status: Instance.Status?) {
    state.withLock { $0.told = status }
  }

  /// Returns early when the status is set to what the server does not know, if `endsForNews`, and
  /// when the task is cancelled.
  func sleep(for time: Duration, endsForNews: Bool) async {
    let sleep = Task { _ = try? await Task.sleep(for: time) }
    state.withLock { state in
      guard endsForNews else { return }
      state.sleep = sleep
      if state.current != state.told { sleep.cancel() }
    }
    await withTaskCancellationHandler {
      await sleep.value
    } onCancel: {
      sleep.cancel()
    }
    state.withLock { $0.sleep = nil }
  }
}
