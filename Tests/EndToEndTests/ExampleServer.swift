// A server of example.org, for tests that need no more.

/// Calls `body` with a server of example.org that has these settings in its environment.
func withExample(
  _ environment: [String: String] = [:], _ body: (RunningServer) async throws -> Void
) async throws {
  try await withSite { site in
    try site.write(ZoneFileText.example, to: "zones/example.org.zone")
    try await body(try await site.startServer(environment: environment))
  }
}
