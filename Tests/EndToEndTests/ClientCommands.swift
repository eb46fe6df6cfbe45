// Subcommands that ask a running server, as tests call them.

import Foundation

extension RunningServer {
  var url: String { "http://\(ready.http)" }

  /// Runs a subcommand that asks this server, to its end.
  func ask(_ arguments: String..., environment: [String: String] = [:]) async throws -> Site.Output
  {
    try await site.rollcall(
      arguments, environment: ["ROLLCALL_SERVER": url].merging(environment) { $1 })
  }

  /// The member of an instance as the API shows it; nil if there is no such instance.
  func shown(_ service: String, _ id: String, _ member: String = "status") async throws -> String? {
    try await curl("GET", "/v1/services/\(service)/instances/\(id)")[member]
  }

  func isRegistered(_ service: String, _ id: String) async throws -> Bool {
    try await curl("GET", "/v1/services/\(service)/instances/\(id)").status == 200
  }
}

extension Site.Output {
  /// Standard output as a JSON object.
  var object: [String: Any] {
    let value = try? JSONSerialization.jsonObject(with: Data(text.utf8))
    return value as? [String: Any] ?? [:]
  }

  /// The words of each line of standard output.
  var rows: [[String]] {
    text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
  }
}
