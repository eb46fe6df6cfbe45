// How subcommands reach a running server.

import APIClient
import ArgumentParser
import RegistryAPI
import RollcallClient

struct ServerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The server's API (default: ROLLCALL_SERVER, else \(defaultURL)).", valueName: "url"))
  var server: String?

  @Option(
    help: "The file of the token (default: what ROLLCALL_TOKEN_FILE names, else ROLLCALL_TOKEN).",
    completion: .file())
  var tokenFile: String?

  @Option(
    help: "PEM file of who signs the server's certificate (default: ROLLCALL_CA_FILE).",
    completion: .file())
  var caFile: String?

  @Option(help: "PEM file of this client's certificate.", completion: .file())
  var certFile: String?

  @Option(help: "PEM file of that certificate's key.", completion: .file())
  var keyFile: String?

  @Option(help: "Seconds that a reply may take.")
  var timeout = 10

  @Option(help: "Seconds to try again when the server can't be reached or is busy.")
  var retry = 2

  @Flag(help: "Send the token also where the network could read it.")
  var allowPlaintext = false

  private static let defaultURL = "http://127.0.0.1:8053"
  private static let secondsLimit = 3_600

  func validate() throws {
    guard (1...Self.secondsLimit).contains(timeout) else {
      throw ValidationError("--timeout must be from 1 to \(Self.secondsLimit)")
    }
    guard (0...Self.secondsLimit).contains(retry) else {
      throw ValidationError("--retry must be from 0 to \(Self.secondsLimit)")
    }
    guard (certFile == nil) == (keyFile == nil) else {
      throw ValidationError("--cert-file and --key-file need one another")
    }
  }

  /// Calls `work` with a client of the server.
  func withClient<Result>(_ work: (APIClient) async throws -> Result) async throws -> Result {
    try await APIClient.with(try access(), work)
  }

  func access() throws -> ServerAccess {
    let url = try ServerURL(server ?? ClientVariable.server.value ?? Self.defaultURL)
    var access = ServerAccess(url: url, token: try token(), timeout: .seconds(timeout))
    access.allowsPlaintextToken = allowPlaintext
    // The library refuses it too, but does not know how it is allowed here.
    guard !access.exposesToken else {
      throw SettingError(
        "the token would cross the network to \(url) readable; write https://, or --allow-plaintext"
      )
    }
    access.retry = RetrySchedule(budget: .seconds(retry))
    access.caFile = caFile ?? ClientVariable.caFile.value
    access.certificateFile = certFile
    access.keyFile = keyFile
    return access
  }

  /// It is no option: everybody on a machine can read the command lines of all.
  private func token() throws -> String? {
    if let path = tokenFile ?? ClientVariable.tokenFile.value {
      let text = String(decoding: try SmallFile.read(path).octets, as: UTF8.self)
      return try checked(text.filter { !$0.isWhitespace }, of: path)
    }
    return try ClientVariable.token.value.map { try checked($0, of: "ROLLCALL_TOKEN") }
  }

  private func checked(_ token: String, of source: String) throws(SettingError) -> String {
    guard TokenDigest(ofToken: token) != nil else {
      throw SettingError(
        "\(source): holds no token; they are made with 'rollcall token new' and begin with"
          + " 'rollcall_'")
    }
    return token
  }
}

/// Which instance a subcommand is about.
struct InstanceArguments: ParsableArguments {
  @Argument(help: "The service's name.")
  var service: String

  @Argument(help: "The instance's id.")
  var id: String

  var name: InstanceName { InstanceName(service: service, id: id) }

  func validate() throws {
    guard !service.isEmpty, !id.isEmpty else {
      throw ValidationError("neither the service's name nor the id may be empty")
    }
  }
}
