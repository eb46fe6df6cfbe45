// Somebody who waits for changes of the registry, over a connection of their own.

import NIOCore
import ServiceRegistry
import Synchronization

/// Whom the broadcast wakes, and what a stream or a waiting call is woken by.
final class EventWatcher: Sendable {
  enum Signal: Equatable {
    /// Something that it watches has changed.
    case news
    case heartbeat
    /// It is to wait no longer.
    case end
  }

  /// What is watched.
  enum Scope: Sendable {
    case services([ServiceName])
    /// All services that it may see.
    case all(ServiceReach?)

    func contains(_ service: ServiceName) -> Bool {
      switch self {
      case .services(let services): services.contains(service)
      case .all(let reach): reach?(service) ?? true
      }
    }
  }

  enum Kind {
    /// It is sent events, and a heartbeat from time to time.
    case stream
    /// It waits for one change, for no longer than that.
    case call(seconds: Int)
  }

  fileprivate struct State {
    var waiter: CheckedContinuation<Signal, Never>?
    var hasNews = false
    var isHeartbeatDue = false
    var hasEnded = false
    /// Since when what it was sent is not taken; nil while nothing is being sent.
    var sendingSince: NIODeadline?
    /// Of the events that came since.
    var unsentOctets = 0
  }

  let scope: Scope
  /// Whether it is sent events; else it waits for one change.
  let isStream: Bool
  /// After which it is woken though nothing has changed.
  let interval: TimeAmount
  private let unsentLimit: Int
  private let grace: TimeAmount
  private let whenTooSlow: @Sendable () -> Void
  private let state = Mutex(State())

  /// - Parameter whenTooSlow: ends the connection, at which it can't be told anything more.
  init(
    _ scope: Scope, _ kind: Kind, limits: HTTPConnectionLimits,
    whenTooSlow: @escaping @Sendable () -> Void = {}
  ) {
    self.scope = scope
    (isStream, interval) =
      switch kind {
      case .stream: (true, .seconds(Int64(limits.heartbeatSeconds)))
      case .call(let seconds): (false, .seconds(Int64(seconds)))
      }
    unsentLimit = limits.watcherUnsentOctets
    grace = .seconds(Int64(limits.graceSeconds))
    self.whenTooSlow = whenTooSlow
  }

  // MARK: Waiting

  /// - Parameter hasMore: there is something for it already.
  func wait(hasMore: Bool = false) async -> Signal {
    await withCheckedContinuation { waiter in
      let signal = state.withLock { state -> Signal? in
        if hasMore { state.hasNews = true }
        let signal = state.takeSignal()
        if signal == nil { state.waiter = waiter }
        return signal
      }
      if let signal { waiter.resume(returning: signal) }
    }
  }

  var isWaiting: Bool { state.withLock { $0.waiter != nil } }

  // MARK: Waking

  /// Wakes it, or has its connection ended when too much has come while it took nothing.
  ///
  /// - Parameter octets: of the events that are new.
  func noteNews(_ octets: Int, at now: NIODeadline) {
    let isTooSlow = signal { state in
      state.hasNews = true
      guard let since = state.sendingSince else { return false }
      state.unsentOctets += octets
      return state.unsentOctets > unsentLimit && now - since >= grace
    }
    if isTooSlow { whenTooSlow() }
  }

  /// That ``interval`` has gone by.
  func noteTime() {
    signal { [isStream] state in
      if isStream { state.isHeartbeatDue = true } else { state.hasEnded = true }
    }
  }

  func end() {
    signal { $0.hasEnded = true }
  }

  private func signal<Result>(_ note: (inout State) -> Result) -> Result {
    let (result, waiter, signal) = state.withLock { state in
      let result = note(&state)
      guard let waiter = state.waiter, let signal = state.takeSignal() else {
        return (result, nil as CheckedContinuation<Signal, Never>?, Signal.end)
      }
      state.waiter = nil
      return (result, waiter, signal)
    }
    waiter?.resume(returning: signal)
    return result
  }

  // MARK: Sending

  /// Whether it does not take what it was sent, at this moment.
  var isSending: Bool { state.withLock { $0.sendingSince != nil } }

  func beginSending(at now: NIODeadline) {
    state.withLock { state in
      state.sendingSince = now
      state.unsentOctets = 0
    }
  }

  func endSending() {
    state.withLock { $0.sendingSince = nil }
  }
}

extension EventWatcher.State {
  /// What has to be told most; nil if nothing has.
  fileprivate mutating func takeSignal() -> EventWatcher.Signal? {
    if hasEnded { return .end }
    if isHeartbeatDue {
      isHeartbeatDue = false
      return .heartbeat
    }
    guard hasNews else { return nil }
    hasNews = false
    return .news
  }
}
