// The environment variables that subcommands which ask a running server read.

import Foundation

/// None has the name of a setting of `serve`: `ROLLCALL_HTTP` says where a server listens, so what
/// says where it is reached has another name, and both can be set for all programs of a machine.
enum ClientVariable: String, CaseIterable {
  case server = "ROLLCALL_SERVER"
  case token = "ROLLCALL_TOKEN"
  case tokenFile = "ROLLCALL_TOKEN_FILE"
  case caFile = "ROLLCALL_CA_FILE"

  /// Nil also for an empty one.
  var value: String? {
    ProcessInfo.processInfo.environment[rawValue].flatMap { $0.isEmpty ? nil : $0 }
  }
}
