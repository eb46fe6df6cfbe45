// Makes calls of a server's HTTP API.

package import AsyncHTTPClient
package import NIOCore
import NIOHTTP1

package struct ServerConnection: Sendable {
  /// Octets of a reply: a page of instances that each say as much as they may.
  static let replyLengthLimit = 128 << 20

  package private(set) var access: ServerAccess
  private let http: HTTPClient

  /// Calls `body` with a connection that is closed afterwards.
  package static func with<Result>(
    _ access: ServerAccess, _ body: (ServerConnection) async throws -> Result
  ) async throws -> Result {
    let configuration = try access.httpConfiguration()
    return try await HTTPClient.withHTTPClient(configuration: configuration) { http in
      try await body(ServerConnection(access: access, http: http))
    }
  }

  /// The same connection, which waits for no reply longer than this.
  package func waiting(atMost limit: Duration) -> ServerConnection {
    var connection = self
    connection.access.timeout = min(access.timeout, limit)
    return connection
  }

  /// The same connection, which makes calls again for so long.
  func retrying(for budget: Duration) -> ServerConnection {
    var connection = self
    connection.access.retry = RetrySchedule(budget: budget)
    return connection
  }

  /// Makes the call, and again while it fails in a way that may pass and there is time.
  ///
  /// - Returns: the reply's body.
  @discardableResult
  package func send(_ call: ServerCall) async throws(RollcallError) -> ByteBuffer {
    let start = ContinuousClock.now
    var failures = 0
    while true {
      do throws(RollcallError) {
        return try await attempt(call)
      } catch {
        failures += 1
        guard error.isPassing, call.isRepeatable || !error.isOutcomeOpen,
          let pause = access.retry.pause(
            failures: failures, elapsed: .now - start, asked: error.retryAfter,
            random: .random(in: 0..<1)),
          (try? await Task.sleep(for: pause)) != nil
        else { throw error }
      }
    }
  }

  private func attempt(_ call: ServerCall) async throws(RollcallError) -> ByteBuffer {
    let reply = try await inTime {
      try await ServerReply(execute(call), limit: Self.replyLengthLimit)
    }
    return try reply.result(from: access)
  }

  /// The HTTP library's own limit ends with the head of a reply.
  private func inTime<Value: Sendable>(
    _ operation: @escaping @Sendable () async throws -> Value
  ) async throws(RollcallError) -> Value {
    do {
      if let value = try await within(access.timeout, operation) { return value }
    } catch {
      throw RollcallError(error, from: access)
    }
    throw RollcallError(HTTPClientError.deadlineExceeded, from: access)
  }

  /// Makes the call once.
  ///
  /// - Returns: the reply's body, which comes piece by piece.
  package func open(_ call: ServerCall) async throws(RollcallError) -> HTTPClientResponse.Body {
    let response: HTTPClientResponse
    do {
      response = try await execute(call)
    } catch {
      throw RollcallError(error, from: access)
    }
    guard response.status != .ok else { return response.body }
    let refusal = try await inTime {
      try await ServerReply(response, limit: Self.replyLengthLimit)
    }
    _ = try refusal.result(from: access)
    throw RollcallError(.unreadable, "\(access.url) replied with status \(refusal.status)")
  }

  private func execute(_ call: ServerCall) async throws -> HTTPClientResponse {
    try await http.execute(request(call), timeout: TimeAmount(access.timeout))
  }

  private func request(_ call: ServerCall) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: "\(access.url)\(call.target)")
    request.method = HTTPMethod(rawValue: call.method.rawValue)
    request.headers.add(name: "Accept", value: "application/json, application/problem+json")
    if let token = access.token {
      request.headers.add(name: "Authorization", value: "Bearer \(token)")
    }
    for field in call.fields { request.headers.add(name: field.name, value: field.value) }
    if let body = call.body {
      request.headers.add(name: "Content-Type", value: "application/json")
      request.body = .bytes(ByteBuffer(bytes: body))
    }
    return request
  }
}
