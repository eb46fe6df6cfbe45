// What a signal does to a command that stands for an instance.

import Glibc

/// The first SIGTERM or SIGINT drains the instance before it reaches the command, so that no client
/// is still being told of an instance that has ended. A second one does not wait any longer.
struct StopSequence {
  enum Action: Equatable {
    case drain
    case pass(Int32)
    /// Without waiting for the drain any longer.
    case cutShort(Int32)
  }

  private enum Stage: Equatable {
    case running
    /// Until this signal is passed on.
    case draining(Int32)
    case stopping
  }

  private var stage = Stage.running

  mutating func take(_ signal: Int32) -> Action {
    guard signal == SIGTERM || signal == SIGINT, stage != .stopping else { return .pass(signal) }
    guard stage == .running else {
      stage = .stopping
      return .cutShort(signal)
    }
    stage = .draining(signal)
    return .drain
  }

  /// The instance has drained, or can't be.
  /// - Returns: the signal that is to be passed on now.
  mutating func endDrain() -> Int32? {
    guard case .draining(let signal) = stage else { return nil }
    stage = .stopping
    return signal
  }
}
