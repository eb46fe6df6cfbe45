// What waits for its turn in the registry's loop.

import DequeModule
import Synchronization

/// A queue that any thread may put into, and that the registry's loop takes from.
///
/// So who wants a change stays where it is: it takes no turn on the registry's own queue to hand
/// the command over, and none to be told what became of it.
final class Inbox: Sendable {
  typealias Reply<Value> = CheckedContinuation<Result<Value, RegistryError>, Never>

  /// What is put in.
  enum Item {
    /// Nobody may wait for a reply.
    case command(Command, Reply<Outcome>?)
    /// Commands of one caller.
    case bulk([Command], Reply<[Result<Outcome, RegistryError>]>)
    case reload(Registry.Reload, Reply<[ZoneReport]>)
    /// Does the store work again?
    case probe
  }

  /// What is done next.
  enum Turn {
    /// Commands that stood together are committed together.
    case batch([(command: Command, reply: Reply<Outcome>?)])
    /// Committed together and with no others.
    case bulk([Command], Reply<[Result<Outcome, RegistryError>]>)
    case reload(Registry.Reload, Reply<[ZoneReport]>)
    case probe
  }

  /// What became of an item.
  enum Acceptance {
    case refused
    case waits
    /// The loop has ended, and whoever put the item in has to start it.
    case needsLoop
  }

  fileprivate struct State: ~Copyable {
    var items: Deque<Item> = []
    var waitingCommands = 0
    var isLoopRunning = false
  }

  private let state = Mutex(State())

  /// Commands that somebody waits for and that no turn has come to yet.
  var waitingCommands: Int { state.withLock { $0.waitingCommands } }

  /// Whether something waits or is being carried out.
  var isLoopRunning: Bool { state.withLock { $0.isLoopRunning } }

  /// - Parameter limit: commands that may wait, this item's among them.
  func put(_ item: Item, limit: Int = .max) -> Acceptance {
    state.withLock { state in
      guard state.waitingCommands + item.awaitedCommands <= limit else { return .refused }
      state.waitingCommands += item.awaitedCommands
      state.items.append(item)
      guard !state.isLoopRunning else { return .waits }
      state.isLoopRunning = true
      return .needsLoop
    }
  }

  /// Takes what is to be done next; nil ends the loop.
  func next() -> Turn? {
    state.withLock { state -> Turn? in
      guard let first = state.items.first else {
        state.isLoopRunning = false
        return nil
      }
      switch first {
      case .command:
        let batch = state.takeBatch()
        state.waitingCommands -= batch.count { $0.reply != nil }
        return .batch(batch)
      case .bulk(let commands, let reply):
        state.items.removeFirst()
        state.waitingCommands -= commands.count
        return .bulk(commands, reply)
      case .reload(let reload, let reply):
        state.items.removeFirst()
        return .reload(reload, reply)
      case .probe:
        state.items.removeFirst()
        return .probe
      }
    }
  }
}

extension Inbox.State {
  fileprivate mutating func takeBatch() -> [(command: Command, reply: Inbox.Reply<Outcome>?)] {
    var batch: [(command: Command, reply: Inbox.Reply<Outcome>?)] = []
    while batch.count < RegistryLimits.batch, case .command(let command, let reply) = items.first {
      items.removeFirst()
      batch.append((command, reply))
    }
    return batch
  }
}

extension Inbox.Item {
  /// Commands that somebody waits for.
  fileprivate var awaitedCommands: Int {
    switch self {
    case .command(_, let reply): reply == nil ? 0 : 1
    case .bulk(let commands, _): commands.count
    case .reload, .probe: 0
    }
  }
}
