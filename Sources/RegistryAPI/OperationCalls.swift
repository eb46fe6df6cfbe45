// The calls by which the server itself is watched.

import Hummingbird
import JSONText
import NIOCore
import ServiceRegistry

extension RegistryAPI {
  /// `GET /healthz`: the program runs.
  func health() -> Response {
    .json(.object([("status", .string("ok")), ("version", .string(version))]))
  }

  /// `GET /readyz`: queries are answered and changes can be made.
  func readiness() async throws -> Response {
    guard isReady else { throw Problem.notReady }
    if let failure = await registry.storeFailure { throw Problem.storeFails(failure) }
    return .json(.object([("status", .string("ready"))]))
  }

  /// `GET /openapi.yaml`: what this API is.
  func showContract() -> Response {
    // RFC 9512
    Response(
      status: .ok, headers: [.contentType: "application/yaml"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: PackageResources.openapi_yaml)))
  }

  /// `GET /metrics`
  func showMetrics() async -> Response {
    let all =
      await metrics() + requests.metrics + connectionCounters.metrics + broadcast.metrics
      + [longReplies.metric]
    return Response(
      status: .ok, headers: [.contentType: Metric.mediaType],
      body: ResponseBody(byteBuffer: ByteBuffer(string: Metric.text(of: all))))
  }
}

extension HTTPConnectionCounters {
  fileprivate var metrics: [Metric] {
    [
      Metric("rollcall_http_connections", .gauge, "HTTP connections that are open.", open),
      Metric(
        "rollcall_http_accepted_total", .counter,
        "HTTP connections that came, refused ones included.", accepted),
      Metric(
        "rollcall_http_closed_total", .counter, "HTTP connections that ended, by reason.",
        HTTPCloseReason.allCases.map {
          .init(Double(closed[$0] ?? 0), labels: [("reason", $0.rawValue)])
        }),
      Metric(
        "rollcall_http_unsent_bytes", .gauge,
        "Octets of replies, beyond the channels' own buffers, that clients have not taken.",
        unsentOctets),
      Metric(
        "rollcall_http_received_bytes_total", .counter, "Octets of requests' bodies.",
        receivedOctets),
      Metric(
        "rollcall_http_sent_bytes_total", .counter, "Octets of replies' bodies, events included.",
        sentOctets),
    ]
  }
}
