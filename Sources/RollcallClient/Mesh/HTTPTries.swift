// Sends a request to one instance.

import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Tracing

/// The connections of a mesh. They are closed when nobody holds it any more.
final class HTTPTries: Sendable {
  /// Shorter than the five seconds after which common servers close an idle connection, so that
  /// few requests meet a connection that is just being closed.
  private static let idleTime = TimeAmount.seconds(4)

  private let http: HTTPClient
  private let longestBody: Int

  init(_ configuration: MeshConfiguration) {
    longestBody = configuration.longestBody
    // What is not connected in half the time of a try is known not to be sent.
    let connectTime = configuration.limits.tryTimeout / 2
    var settings = HTTPClient.Configuration(
      redirectConfiguration: .disallow, timeout: .init(connect: TimeAmount(connectTime)))
    settings.httpVersion = .http1Only
    settings.connectionPool.idleTimeout = Self.idleTime
    settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
      configuration.connectionsPerInstance
    // The mesh decides about retries, and goes on with another instance; it makes its own spans.
    settings.connectionPool.retryConnectionEstablishment = false
    settings.tracing.tracer = nil
    http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
  }

  deinit {
    http.shutdown { _ in }
  }

  /// - Parameter caller: who is named as the sender.
  func send(
    _ request: MeshRequest, from caller: String, to endpoint: Endpoint, limit: Duration
  ) async throws -> TryReply<MeshResponse> {
    do {
      let response = try await http.execute(
        message(request, caller, endpoint), timeout: TimeAmount(limit))
      return try await read(response, from: endpoint)
    } catch let error where !(error is CancellationError) {
      throw TryFailure(Self.isSurelyNotSent(error) ? .notSent : .lost, underlying: error)
    }
  }

  private func message(
    _ request: MeshRequest, _ caller: String, _ endpoint: Endpoint
  ) -> HTTPClientRequest {
    let host = endpoint.address.contains(":") ? "[\(endpoint.address)]" : endpoint.address
    var message = HTTPClientRequest(url: "http://\(host):\(endpoint.port)\(request.path)")
    message.method = HTTPMethod(rawValue: request.method)
    for header in request.headers { message.headers.add(name: header.name, value: header.value) }
    message.headers.replaceOrAdd(name: ServiceMesh.callerHeader, value: caller)
    if let context = ServiceContext.current {
      InstrumentationSystem.instrument.inject(
        context, into: &message.headers, using: HeaderInjector())
    }
    if !request.body.isEmpty { message.body = .bytes(ByteBuffer(bytes: request.body)) }
    return message
  }

  private func read(
    _ response: HTTPClientResponse, from endpoint: Endpoint
  ) async throws -> TryReply<MeshResponse> {
    let body: ByteBuffer
    do {
      body = try await response.body.collect(upTo: longestBody)
    } catch is NIOTooManyBytesError {
      let text = "the body from \(endpoint.host) is longer than longestBody, \(longestBody) octets"
      return .unusable(MeshError(.bodyTooLong, text, tries: 1))
    }
    let whole = MeshResponse(
      status: Int(response.status.code),
      headers: response.headers.map { (name: $0.name, value: $0.value) },
      body: Array(body.readableBytesView), endpoint: endpoint)
    return whole.isUnavailable ? .unavailable(whole, retryAfter: whole.retryAfter) : .done(whole)
  }

  private static func isSurelyNotSent(_ error: any Error) -> Bool {
    switch error {
    case is NIOConnectionError: true
    case let error as IOError: error.errnoCode == ECONNREFUSED
    case is ChannelError: Self.isConnectTimeout(error)
    case let error as HTTPClientError:
      error == .connectTimeout || error == .getConnectionFromPoolTimeout
    default: false
    }
  }

  private static func isConnectTimeout(_ error: any Error) -> Bool {
    guard let error = error as? ChannelError, case .connectTimeout = error else { return false }
    return true
  }
}

/// Puts the context of a trace into the header.
private struct HeaderInjector: Injector {
  func inject(_ value: String, forKey key: String, into headers: inout HTTPHeaders) {
    headers.replaceOrAdd(name: key, value: value)
  }
}
