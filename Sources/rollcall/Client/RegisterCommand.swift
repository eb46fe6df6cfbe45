// `rollcall register`: one instance, once or as long as a command runs.

import APIClient
import ArgumentParser
import JSONText
import RollcallClient

struct RegisterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "register",
    abstract: "Register an instance, or run a command and keep it registered while it runs.",
    discussion: """
      With a command after '--', this starts it, registers the instance, renews its lease, \
      registers it again when the server has lost it, and deregisters it when the command ends; \
      the exit status is the command's. Signals are passed on. Before SIGTERM and SIGINT are, the \
      instance is drained: the command goes on until the last answer with it has run out. A \
      second signal cuts that short. The command runs in a process group of its own, so that \
      Ctrl-C drains too.

      Where systemd runs it, set KillMode=mixed, or SIGTERM reaches the command at once.

      EXAMPLES
        rollcall register web --id web-1 --address 10.0.0.1 --port 8080 --lease none
        rollcall register web --port 8080 --tag v2 -- ./server --listen :8080
      """)

  @Argument(help: "The service's name.")
  var service: String

  @Option(help: "The instance's id (default: this host's name and the port).")
  var id: String?

  @OptionGroup(title: "What is registered") var registration: RegistrationOptions

  @OptionGroup(title: "While the command runs") var supervision: SupervisionOptions

  @OptionGroup(title: "The server") var server: ServerOptions

  @Flag(help: "Print the instance as a JSON object. Not with a command.")
  var json = false

  @Argument(parsing: .postTerminator, help: "The command to run and its arguments, after '--'.")
  var command: [String] = []

  func validate() throws {
    guard !service.isEmpty, id != "" else {
      throw ValidationError("neither the service's name nor the id may be empty")
    }
    guard !json || command.isEmpty else {
      throw ValidationError("--json is not for running a command, to which standard output belongs")
    }
    guard !command.isEmpty || !supervision.isGiven else {
      throw ValidationError("--drain-limit and --await-port are for running a command")
    }
    guard !supervision.awaitPort || registration.isTCP else {
      throw ValidationError("--await-port needs --port, and TCP")
    }
  }

  private var name: InstanceName {
    InstanceName(
      service: service,
      id: id ?? DefaultID.make(host: HostName.current, port: registration.port))
  }

  func run() async throws {
    try await orOneLine {
      guard !command.isEmpty else { return try await registerOnce() }
      let access = try server.access()
      let status = try await APIClient.with(access) { client in
        try await Supervisor(
          command: command, client: client, name: name, registration: registration,
          options: supervision
        ).run()
      }
      throw ExitCode(status)
    }
  }

  private func registerOnce() async throws {
    let body = try registration.body
    let shown = try await server.withClient { try await $0.send(.register(name, body)) }
    for warning in shown["warnings"]?.items ?? [] {
      StandardError.write(line: "rollcall: warning: \(warning.string ?? "")")
    }
    guard !json else {
      print(shown.line)
      return
    }
    let end = shown["expires_at"]?.string.map { "until \($0)" } ?? "without end"
    print("registered \(name.id) of \(name.service) \(end)")
    let names = shown["names"]
    for name in [names?["host"]].compactMap(\.self) + (names?["srv"]?.items ?? []) {
      print("  \(name.string ?? "")")
    }
  }
}
