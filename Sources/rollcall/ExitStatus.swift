// What a subcommand's exit status says, and the line that goes with it.

import APIClient
import ArgumentParser
import RollcallClient

enum ExitStatus {
  /// It was refused, or something that was named is wrong or not there.
  static let failure: Int32 = 1
  /// The server can't be reached, or can't do it now.
  static let unreachable: Int32 = 3
}

/// Runs a subcommand's work; what goes wrong is one line and an exit status.
func orOneLine(_ work: () async throws -> Void) async throws {
  do {
    try await work()
  } catch let status as ExitCode {
    throw status
  } catch let error as RollcallError {
    StandardError.write(line: "rollcall: \(error)\(error.advice)")
    throw ExitCode(error.isPassing ? ExitStatus.unreachable : ExitStatus.failure)
  } catch {
    StandardError.write(line: "rollcall: \(error)")
    throw ExitCode(ExitStatus.failure)
  }
}

extension RollcallError {
  /// What to do about it, where the server or the reason does not say.
  var advice: String {
    switch kind {
    case .unreachable:
      isOutcomeOpen
        ? "; it is not known whether it was done"
        : "; start it with 'rollcall serve', or name another with --server or ROLLCALL_SERVER"
    case .untrusted:
      "; name who signs its certificate with --ca-file, or write http:// if it speaks no TLS"
    case .unavailable: "; try again later"
    case .unauthenticated: "; name the file of a valid one with --token-file or ROLLCALL_TOKEN_FILE"
    case .unreadable: "; is it the address of its HTTP API?"
    default: ""
    }
  }
}
