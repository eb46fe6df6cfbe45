// `rollcall drain`: takes an instance out of service without breaking a connection attempt.

import APIClient
import ArgumentParser
import JSONText
import RollcallClient

struct DrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain",
    abstract: "Take an instance out of all answers for its service.",
    discussion: """
      From then on nobody is told of it. When the last answer with it has run out, which is when \
      this says, it is removed, and may end.

      EXAMPLES
        rollcall drain web web-1
        rollcall drain web web-1 --wait && systemctl stop web
      """)

  @OptionGroup var instance: InstanceArguments

  @Flag(help: "Return when it is gone.")
  var wait = false

  @OptionGroup var server: ServerOptions

  @Flag(help: "Print the instance as a JSON object.")
  var json = false

  func run() async throws {
    try await orOneLine {
      try await server.withClient { client in
        let shown = try await client.send(.drain(instance.name))
        let end = shown["safe_at"]?.string ?? ""
        if wait {
          if !json {
            StandardError.write(
              line: "rollcall: \(instance.id) of \(instance.service) drains until \(end)")
          }
          try await waitForEnd(client, end)
        }
        let words = "\(instance.id) of \(instance.service) "
        print(json ? shown.line : words + (wait ? "is gone" : "drains until \(end)"))
      }
    }
  }

  private func waitForEnd(_ client: APIClient, _ safeAt: String) async throws {
    let progress = Task { await showProgress(until: safeAt) }
    let end: Result<DrainEnd, RollcallError>
    do throws(RollcallError) {
      end = .success(try await client.waitUntilDrained(instance.name, safeAt))
    } catch {
      end = .failure(error)
    }
    progress.cancel()
    await progress.value
    guard try end.get() == .gone else {
      throw RollcallError(
        .refused, "\(instance.id) of \(instance.service) was registered anew, and stays")
    }
  }

  /// On a terminal; until the task is cancelled.
  private func showProgress(until end: String) async {
    let whole = timeLeft(until: end)
    let line = ProgressLine("drained")
    defer { line.end() }
    while whole > .zero, !Task.isCancelled {
      line.show(min(1, 1 - timeLeft(until: end) / whole))
      try? await Task.sleep(for: .milliseconds(100))
    }
  }
}
