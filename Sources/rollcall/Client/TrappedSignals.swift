// The signals that are passed on to a command, or stop it.

import Glibc
import UnixSignals

/// What this program was told to ignore, as by nohup(1), it and the command go on to ignore.
struct TrappedSignals {
  private static let passed: [UnixSignal] = [
    .sigterm, .sigint, .sighup, .sigquit, .sigusr1, .sigusr2, .sigwinch,
  ]

  let sequence: UnixSignalsSequence
  /// What the command is to react to as usual.
  let defaults: [Int32]

  init() async {
    let signals = Self.passed.filter { !Self.isIgnored($0.rawValue) }
    // Writing to a broken pipe is to end the command, though not this program.
    defaults = signals.map(\.rawValue) + (Self.isIgnored(SIGPIPE) ? [] : [SIGPIPE])
    sequence = await UnixSignalsSequence(trapping: signals)
  }

  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(signal, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
