// `rollcall token`: makes, lists and revokes the tokens that the HTTP API accepts.

import ArgumentParser
import DNSWire
import Foundation
import RegistryAPI

struct TokenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "Make, list and revoke the tokens of the HTTP API.",
    discussion: """
      The tokens file holds the SHA-256 of each token and what it allows, never the token. A \
      server that runs reads it again on SIGHUP.

      EXAMPLES
        rollcall token new --file tokens.yaml --name ci --scope write --services '*.prod'
        rollcall token list --file tokens.yaml
        rollcall token revoke --file tokens.yaml ci
      """,
    subcommands: [New.self, List.self, Revoke.self])
}

/// Which file a subcommand is about.
struct TokensFileOption: ParsableArguments {
  @Option(help: "The tokens file (default: what ROLLCALL_TOKENS names).")
  var file: String?

  func tokensFile() throws -> TokensFile {
    guard let path = file ?? ProcessInfo.processInfo.environment["ROLLCALL_TOKENS"] else {
      throw SettingError("name the tokens file with --file, or in ROLLCALL_TOKENS")
    }
    return TokensFile(path: path)
  }
}

extension TokenCommand {
  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a token, add it to the file, and print it once.",
      discussion: """
        A service pattern is a service's name, '*.' and a name (every service with one or more \
        labels before it), or '*' (all). With --addresses the token registers only instances whose \
        addresses are all within these prefixes.

        read shows services that the patterns cover; write also registers, renews and removes \
        their instances; admin also concerns the whole server, such as reloading zones. What shows \
        the whole server needs the pattern '*'.
        """)

    @OptionGroup var file: TokensFileOption

    @Option(help: "What lists and the log call its holder.")
    var name: String

    @Option(help: "read, write or admin.")
    var scope: String

    @Option(help: "A service pattern. Repeatable.")
    var services: [String]

    @Option(help: "A prefix such as 10.0.0.0/8. Repeatable.")
    var addresses: [String] = []

    @Option(help: "When it ends to be valid, such as 2030-12-31T00:00:00Z.")
    var expires: String?

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() throws {
      try reportingErrors {
        let file = try file.tokensFile()
        var generator = SystemRandomNumberGenerator()
        let text = TokenText.make(using: &generator)
        guard let digest = TokenDigest(ofToken: text) else {
          preconditionFailure("a new token has the form of a token")
        }
        let token = try Token(
          name: name, digest: digest, scope: TokenScope(field: scope), services: services,
          addresses: addresses, expiresAt: expires.map(TokensFile.time))
        try file.change { try $0.add(token) }
        print(try json ? line(of: TokenEntry(token, text: text)) : text)
        StandardError.write(
          line: "rollcall: added '\(name)' to \(file.path); the token is shown only now. A server"
            + " that runs takes it on SIGHUP.")
      }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the tokens of the file.")

    @OptionGroup var file: TokensFileOption

    @Flag(help: "Print a JSON array.")
    var json = false

    func run() throws {
      try reportingErrors {
        let entries = try file.tokensFile().read().tokens.map { TokenEntry($0, text: nil) }
        if json {
          print(try line(of: entries))
        } else {
          for line in TokenEntry.table(entries).lines(withColours: false) { print(line) }
        }
      }
    }
  }

  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a token out of the file.",
      discussion: "A server that runs refuses it from the next SIGHUP on.")

    @OptionGroup var file: TokensFileOption

    @Argument(help: "The token's name.")
    var name: String

    func run() throws {
      try reportingErrors {
        let file = try file.tokensFile()
        try file.change { table in
          guard table.remove(name) else {
            throw SettingError("\(file.path): there is no token '\(name)'")
          }
        }
        StandardError.write(
          line: "rollcall: revoked '\(name)'. A server that runs refuses it from SIGHUP on.")
      }
    }
  }
}

/// A token as the subcommands print it.
private struct TokenEntry: Encodable {
  let name: String
  let scope: String
  let services: [String]
  let addresses: [String]
  let expires: String?
  /// Only when it is made.
  let token: String?

  init(_ token: Token, text: String?) {
    name = token.name
    scope = token.scope.rawValue
    services = token.services.map(\.description)
    addresses = token.addresses.map(\.description)
    expires = token.expiresAt.map(TokensFile.text)
    self.token = text
  }

  static func table(_ entries: [TokenEntry]) -> TextTable {
    var table = TextTable(["NAME", "SCOPE", "SERVICES", "ADDRESSES", "EXPIRES"])
    for entry in entries {
      table.append(
        [
          entry.name, entry.scope, entry.services.joined(separator: ","),
          entry.addresses.isEmpty ? "any" : entry.addresses.joined(separator: ","),
          entry.expires ?? "never",
        ].map { TextTable.Cell($0) })
    }
    return table
  }
}

private func line(of value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// One line for what goes wrong, as `serve` has it.
private func reportingErrors(_ body: () throws -> Void) throws {
  do {
    try body()
  } catch {
    StandardError.write(line: "rollcall: \(error)")
    throw ExitCode(1)
  }
}
