// `rollcall watch` as it runs, and what it has printed so far.

import Foundation
import TestSupport

struct Watching {
  let child: Child
  private let site: Site
  private let name: String

  /// Returns when it is sent what happens on the server.
  init(
    _ server: RunningServer, _ arguments: String..., environment: [String: String] = [:]
  ) async throws {
    site = server.site
    name = "watch-\(UUID().uuidString)"
    let streams = #"rollcall_watchers{kind="stream"}"#
    let before = try await server.metrics()[streams] ?? 0
    child = try site.start(
      [Site.program, "watch"] + arguments,
      environment: ["ROLLCALL_SERVER": server.url].merging(environment) { $1 }, output: name,
      errors: "\(name)-errors")
    try await wait(for: "the watcher") { try await server.metrics()[streams] == before + 1 }
  }

  var lines: [String] { Site.text(of: site.path(name)).split(separator: "\n").map(String.init) }

  /// The lines without their columns.
  var words: [String] { lines.map { $0.split(separator: " ").joined(separator: " ") } }

  var errors: String { Site.text(of: site.path("\(name)-errors")) }
}
