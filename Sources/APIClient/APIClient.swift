// Makes calls of a server's HTTP API.

import AsyncHTTPClient
package import JSONText
import NIOCore
import NIOHTTP1
import NIOSSL

/// How a client reaches a server and shows who it is.
package struct ServerAccess: Sendable {
  package var url: ServerURL
  package var token: String?
  /// Files in PEM: who signs the server's certificate, if not an authority that the system knows;
  /// and the client's own, where the server asks for one.
  package var caFile: String?
  package var certificateFile: String?
  package var keyFile: String?
  /// For a reply.
  package var timeout: Duration
  /// Without an octet, after which a connection is given up; nil: none.
  package var silence: Duration?
  package var retry: RetrySchedule

  package init(
    url: ServerURL, token: String? = nil, timeout: Duration = .seconds(10),
    retry: RetrySchedule = RetrySchedule(budget: .zero)
  ) {
    self.url = url
    self.token = token
    self.timeout = timeout
    self.retry = retry
  }
}

package struct APIClient: Sendable {
  /// Octets of a reply: a page of instances that each say as much as they may.
  static let replyLengthLimit = 128 << 20

  private(set) var access: ServerAccess
  private let http: HTTPClient

  /// Calls `body` with a client whose connections are closed afterwards.
  package static func with<Result>(
    _ access: ServerAccess, _ body: (APIClient) async throws -> Result
  ) async throws -> Result {
    try await HTTPClient.withHTTPClient(configuration: try configuration(access)) { http in
      try await body(APIClient(access: access, http: http))
    }
  }

  /// The same client, which waits for no reply longer than this.
  func waiting(atMost limit: Duration) -> APIClient {
    var client = self
    client.access.timeout = min(access.timeout, limit)
    return client
  }

  /// Makes the call, and again while it fails in a way that may pass and there is time.
  ///
  /// - Returns: the reply's body; null if it has none.
  package func send(_ call: APICall) async throws(APIError) -> JSON {
    let start = ContinuousClock.now
    var failures = 0
    while true {
      do throws(APIError) {
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

  private func attempt(_ call: APICall) async throws(APIError) -> JSON {
    let reply: APIReply
    do {
      reply = try await APIReply(execute(call), limit: Self.replyLengthLimit)
    } catch {
      throw APIError(error, from: access)
    }
    return try reply.result(from: access)
  }

  /// Makes the call once.
  ///
  /// - Returns: the reply's body, which comes piece by piece.
  func open(_ call: APICall) async throws(APIError) -> HTTPClientResponse.Body {
    let refusal: APIReply
    do {
      let response = try await execute(call)
      guard response.status != .ok else { return response.body }
      refusal = try await APIReply(response, limit: Self.replyLengthLimit)
    } catch {
      throw APIError(error, from: access)
    }
    _ = try refusal.result(from: access)
    throw APIError(.unreadable, "\(access.url) replied with status \(refusal.status)")
  }

  private func execute(_ call: APICall) async throws -> HTTPClientResponse {
    try await http.execute(request(call), timeout: TimeAmount(access.timeout))
  }

  private func request(_ call: APICall) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: "\(access.url)\(call.target)")
    request.method = HTTPMethod(rawValue: call.method.rawValue)
    request.headers.add(name: "Accept", value: "application/json, application/problem+json")
    if let token = access.token {
      request.headers.add(name: "Authorization", value: "Bearer \(token)")
    }
    for field in call.fields { request.headers.add(name: field.name, value: field.value) }
    if let body = call.body {
      request.headers.add(name: "Content-Type", value: "application/json")
      request.body = .bytes(ByteBuffer(bytes: body.encoded))
    }
    return request
  }

  private static func configuration(
    _ access: ServerAccess
  ) throws(APIError) -> HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: access.url.isTLS ? try tls(access) : nil,
      // The token is for this server, not for whom it points to.
      redirectConfiguration: .disallow,
      timeout: .init(
        connect: TimeAmount(access.timeout), read: access.silence.map { TimeAmount($0) }))
    configuration.httpVersion = .http1Only
    // Whoever calls decides how often, and is to be told at once.
    configuration.connectionPool.retryConnectionEstablishment = false
    return configuration
  }

  private static func tls(_ access: ServerAccess) throws(APIError) -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    if let path = access.caFile {
      tls.trustRoots = .certificates(try certificates(path))
    }
    if let path = access.certificateFile {
      tls.certificateChain = try certificates(path).map { .certificate($0) }
    }
    if let path = access.keyFile {
      guard let key = try? NIOSSLPrivateKey(file: path, format: .pem) else {
        throw APIError(.setting, "\(path): holds no private key in PEM without a passphrase")
      }
      tls.privateKey = .privateKey(key)
    }
    return tls
  }

  private static func certificates(_ path: String) throws(APIError) -> [NIOSSLCertificate] {
    guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
      throw APIError(.setting, "\(path): can't be read, or holds no certificate in PEM")
    }
    return certificates
  }
}
