// `rollcall watch`: what happens, while it happens.

import APIClient
import ArgumentParser
import Glibc
import RollcallClient
import UnixSignals

struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Print every change as it happens.",
    discussion: """
      Goes on over lost connections and restarts of the server, and misses nothing that the \
      server can still tell; where it can't, there is a line 'reset', and 'rollcall list' shows \
      what there is. Ctrl-C ends it.

      EXAMPLES
        rollcall watch
        rollcall watch web db.prod
        rollcall watch --json | jq -r 'select(.event == "expired") | .id'
        rollcall watch web --count 1 --for 60 || echo nothing happened
      """)

  @Argument(help: "Only these services; without any, all.")
  var services: [String] = []

  @Option(help: ArgumentHelp("End after so many events.", valueName: "events"))
  var count: Int?

  @Option(
    name: .customLong("for"), help: ArgumentHelp("End after so long.", valueName: "seconds"))
  var seconds: Int?

  @OptionGroup var server: ServerOptions

  @Flag(help: "Print a JSON object for each event, on a line of its own.")
  var json = false

  private enum End {
    case enough
    case stopped
    case timeOver
  }

  func validate() throws {
    guard services.allSatisfy({ !$0.isEmpty && !$0.contains(",") }) else {
      throw ValidationError("a service's name may neither be empty nor have a comma")
    }
    guard count ?? 1 > 0, seconds ?? 1 > 0 else {
      throw ValidationError("--count and --for must be at least 1")
    }
  }

  func run() async throws {
    try await orOneLine {
      var access = try server.access()
      access.silence = StreamEvent.silenceLimit
      let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
      let end = try await APIClient.with(access) { try await follow($0, until: signals) }
      guard case .timeOver = end, let count else { return }
      throw RollcallError(.refused, "fewer events than \(count) came within \(seconds ?? 0) s")
    }
  }

  private func follow(_ client: APIClient, until signals: UnixSignalsSequence) async throws -> End {
    try await withThrowingTaskGroup(of: End.self) { group in
      group.addTask {
        try await printEvents(EventWatch(client, services: services))
        return .enough
      }
      group.addTask {
        for await _ in signals { break }
        return .stopped
      }
      if let seconds {
        group.addTask {
          try await Task.sleep(for: .seconds(seconds))
          return .timeOver
        }
      }
      defer { group.cancelAll() }
      return try await group.next() ?? .enough
    }
  }

  private func printEvents(_ watch: EventWatch) async throws {
    var left = count ?? .max
    try await watch.run { news in
      switch news {
      case .event(let event):
        print(json ? event.jsonLine : event.line)
        // A pipe would keep it until there is more.
        fflush(nil)
        left -= 1
      case .lost(let error): StandardError.write(line: "rollcall: \(error); trying again")
      case .connectedAgain: StandardError.write(line: "rollcall: connected again")
      }
      return left > 0
    }
  }
}
