// Runs a command and keeps it registered while it runs.

import APIClient
import ArgumentParser
import Glibc
import JSONText
import RollcallClient
import UnixSignals

struct Supervisor {
  let command: [String]
  let client: APIClient
  let name: InstanceName
  let registration: RegistrationOptions
  let options: SupervisionOptions

  private enum Event {
    case signal(Int32)
    case refused(RollcallError)
    case drained
    /// With the command's exit status.
    case ended(Int32)
  }

  /// - Returns: the command's exit status; 1 if the server refused the registration.
  func run() async throws -> Int32 {
    let keeper = try makeKeeper()
    let signals = await TrappedSignals()
    let child: ChildProcess
    do {
      child = try ChildProcess(
        command, defaultSignals: signals.defaults, without: [ClientVariable.token.rawValue])
    } catch {
      throw Self.status(of: error)
    }
    let (events, sink) = AsyncStream.makeStream(of: Event.self)
    let listening = Task {
      for await signal in signals.sequence { sink.yield(.signal(signal.rawValue)) }
    }
    defer { listening.cancel() }
    let waiting = Task { _ = sink.yield(.ended(await child.waitForEnd())) }
    let keeping = Task { await keep(keeper, sink) }
    let status = await follow(events, sink, child, keeper, keeping)
    await waiting.value
    return status
  }

  private func makeKeeper() throws -> LeaseKeeper {
    let (name, say) = (name, Self.say)
    return LeaseKeeper(
      client, name, try registration.body, leaseSeconds: try registration.leaseSeconds
    ) { news in
      say(news.line(about: name))
    }
  }

  /// Until the task is cancelled, or the server refuses the registration.
  private func keep(_ keeper: LeaseKeeper, _ sink: AsyncStream<Event>.Continuation) async {
    if options.awaitPort, let port = registration.port {
      Self.say("\(name.id) is registered when port \(port) takes connections")
      let probe = PortProbe(host: registration.address.first, port: port)
      guard await probe.waitUntilListening() else { return }
    }
    do throws(RollcallError) {
      try await keeper.run()
    } catch {
      sink.yield(.refused(error))
    }
  }

  /// Does what each event asks for, until the command has ended.
  private func follow(
    _ events: AsyncStream<Event>, _ sink: AsyncStream<Event>.Continuation, _ child: ChildProcess,
    _ keeper: LeaseKeeper, _ keeping: Task<Void, Never>
  ) async -> Int32 {
    var stop = StopSequence()
    var draining: Task<Bool, Never>?
    var isRefused = false
    for await event in events {
      switch event {
      case .signal(let signal):
        switch stop.take(signal) {
        case .pass(let signal): child.send(signal)
        case .cutShort(let signal):
          draining?.cancel()
          child.send(signal)
        case .drain:
          draining = Task {
            await end(keeping)
            let isGone = await drain(keeper)
            sink.yield(.drained)
            return isGone
          }
        }
      case .drained:
        if let signal = stop.endDrain() { child.send(signal) }
      case .refused(let error):
        Self.say("the registration is refused, so the command is stopped: \(error)\(error.advice)")
        isRefused = true
        child.send(SIGTERM)
      case .ended(let status):
        draining?.cancel()
        await end(keeping)
        // Once it is gone, the same name may be another one's.
        let isGone = await draining?.value ?? false
        if !isGone, !isRefused { await deregister(keeper) }
        return isRefused ? ExitStatus.failure : status
      }
    }
    return ExitStatus.failure
  }

  private func end(_ keeping: Task<Void, Never>) async {
    keeping.cancel()
    await keeping.value
  }

  /// - Returns: whether it is gone for sure.
  private func drain(_ keeper: LeaseKeeper) async -> Bool {
    guard options.drainTime > .zero else {
      await deregister(keeper)
      return true
    }
    return await withTaskGroup(of: Bool?.self) { group in
      group.addTask {
        do throws(RollcallError) {
          try await keeper.drain()
          return !Task.isCancelled
        } catch {
          if !Task.isCancelled { Self.say("\(name.id) can't be drained: \(error)") }
          return error.kind == .notFound
        }
      }
      group.addTask {
        try? await Task.sleep(for: options.drainTime)
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      if first == nil, !Task.isCancelled { Self.say("draining takes longer than --drain-limit") }
      return first ?? false
    }
  }

  private func deregister(_ keeper: LeaseKeeper) async {
    do throws(RollcallError) {
      try await keeper.deregister()
      Self.say("deregistered \(name.id) of \(name.service)")
    } catch {
      Self.say("\(name.id) of \(name.service) can't be deregistered, its lease will end: \(error)")
    }
  }

  private static func status(of error: CommandError) -> ExitCode {
    say("\(error)")
    return ExitCode(error.exitStatus)
  }

  private static func say(_ text: String) { StandardError.write(line: "rollcall: \(text)") }
}

extension LeaseKeeper.News {
  fileprivate func line(about name: InstanceName) -> String {
    switch self {
    case .registered(let shown):
      let warnings = (shown["warnings"]?.items ?? []).compactMap(\.string)
      let end = shown["expires_at"]?.string == nil ? "without a lease" : "its lease is renewed"
      return (["registered \(name.id) of \(name.service), \(end)"] + warnings)
        .joined(separator: "; warning: ")
    case .failing(let error):
      return "\(name.id) of \(name.service) can't be kept registered, trying on: \(error)"
    case .renewedAgain: return "the lease of \(name.id) of \(name.service) is renewed again"
    case .draining(let end): return "\(name.id) of \(name.service) drains until \(end)"
    }
  }
}
