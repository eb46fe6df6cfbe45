// Makes calls of a server's HTTP API.

package import JSONText
import NIOCore
package import RollcallClient

package struct APIClient: Sendable {
  let connection: ServerConnection

  /// Calls `body` with a client whose connections are closed afterwards.
  package static func with<Result>(
    _ access: ServerAccess, _ body: (APIClient) async throws -> Result
  ) async throws -> Result {
    try await ServerConnection.with(access) { try await body(APIClient(connection: $0)) }
  }

  /// The same client, which waits for no reply longer than this.
  func waiting(atMost limit: Duration) -> APIClient {
    APIClient(connection: connection.waiting(atMost: limit))
  }

  /// Makes the call, and again while it fails in a way that may pass and there is time.
  ///
  /// - Returns: the reply's body; null if it has none.
  package func send(_ call: ServerCall) async throws(RollcallError) -> JSON {
    let body = try await connection.send(call)
    guard body.readableBytes > 0 else { return .null }
    do throws(JSONError) {
      return try JSON(text: Array(body.readableBytesView))
    } catch {
      throw RollcallError(
        .unreadable,
        "\(connection.access.url) does not reply as a Rollcall server: \(error.reason)")
    }
  }
}
