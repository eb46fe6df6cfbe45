// When a drain is over, for the subcommands.

package import RollcallClient

extension APIClient {
  /// Returns when the instance drains no longer, or the task is cancelled.
  ///
  /// - Parameter safeAt: the end as the server told it.
  package func waitUntilDrained(
    _ name: InstanceName, _ safeAt: String
  ) async throws(RollcallError) -> DrainEnd {
    try await connection.waitUntilDrained(name, safeAt)
  }
}
