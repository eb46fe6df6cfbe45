// The calls by which the server itself is watched.

import Hummingbird
import JSONText
import NIOCore

extension RegistryAPI {
  /// `GET /healthz`: the program runs.
  func health() -> Response {
    .json(.object([("status", .string("ok")), ("version", .string(version))]))
  }

  /// `GET /readyz`: queries are answered and changes can be made.
  func readiness() async throws -> Response {
    guard isReady else { throw Problem.notReady }
    return .json(.object([("status", .string("ready"))]))
  }

  /// `GET /metrics`
  func showMetrics() async -> Response {
    Response(
      status: .ok, headers: [.contentType: Metric.mediaType],
      body: ResponseBody(byteBuffer: ByteBuffer(string: Metric.text(of: await metrics()))))
  }
}
