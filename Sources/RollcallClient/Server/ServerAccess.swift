// How a server's HTTP API is reached.

import AsyncHTTPClient
import NIOCore
import NIOSSL

/// How a client reaches a server's HTTP API and shows who it is.
public struct ServerAccess: Sendable {
  package var url: ServerURL
  /// Sent as `Authorization: Bearer`. With `http://` everybody on the way could read it, so calls
  /// of another machine are then refused, unless ``allowsPlaintextToken``.
  public var token: String?
  /// Whether ``token`` may be sent by `http://` to another machine.
  public var allowsPlaintextToken = false
  /// A file in PEM with those who sign the server's certificate, if not an authority that the
  /// system knows.
  public var caFile: String?
  /// A file in PEM with the client's own certificate, where the server asks for one; it needs
  /// ``keyFile``.
  public var certificateFile: String?
  /// A file in PEM with the key of ``certificateFile``, without a passphrase.
  public var keyFile: String?
  /// For a reply, from the connection to the end of the body; of a stream of events, for its head.
  public var timeout: Duration
  /// Without an octet, after which a connection is given up; nil: none.
  package var silence: Duration?
  package var retry = RetrySchedule(budget: .zero)

  /// - Parameters:
  ///   - url: `http://HOST:PORT` or `https://HOST:PORT`.
  ///   - token: where the server wants one.
  ///   - timeout: for a reply.
  /// - Throws: ``RollcallError`` of kind `setting` for what is no such URL.
  public init(
    _ url: String = "http://127.0.0.1:8053", token: String? = nil, timeout: Duration = .seconds(10)
  ) throws {
    self.init(url: try ServerURL(url), token: token, timeout: timeout)
  }

  package init(url: ServerURL, token: String?, timeout: Duration) {
    self.url = url
    self.token = token
    self.timeout = timeout
  }

  /// Whether the token would cross the network readable though nobody allowed it.
  package var exposesToken: Bool {
    token != nil && !url.isTLS && !url.isLoopback && !allowsPlaintextToken
  }
}

extension ServerAccess: CustomStringConvertible {
  /// The URL, and whether there is a token; never the token itself.
  public var description: String { token == nil ? "\(url)" : "\(url) with a token" }
}

extension ServerAccess: CustomReflectable {
  /// As ``description``, so that `dump` does not show the token either.
  public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}

extension ServerAccess {
  /// - Throws: what is wrong with the settings, before anything is sent.
  func httpConfiguration() throws(RollcallError) -> HTTPClient.Configuration {
    guard !exposesToken else {
      throw RollcallError(
        .setting,
        "the token would cross the network to \(url) readable; write https://, or set"
          + " allowsPlaintextToken")
    }
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: url.isTLS ? try tls() : nil,
      // The token is for this server, not for whom it points to.
      redirectConfiguration: .disallow,
      timeout: .init(connect: TimeAmount(timeout), read: silence.map { TimeAmount($0) }))
    configuration.httpVersion = .http1Only
    // Whoever calls decides how often, and is to be told at once.
    configuration.connectionPool.retryConnectionEstablishment = false
    return configuration
  }

  private func tls() throws(RollcallError) -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    if let path = caFile {
      tls.trustRoots = .certificates(try Self.certificates(path))
    }
    if let path = certificateFile {
      tls.certificateChain = try Self.certificates(path).map { .certificate($0) }
    }
    if let path = keyFile {
      guard let key = try? NIOSSLPrivateKey(file: path, format: .pem) else {
        throw RollcallError(.setting, "\(path): holds no private key in PEM without a passphrase")
      }
      tls.privateKey = .privateKey(key)
    }
    return tls
  }

  private static func certificates(
    _ path: String
  ) throws(RollcallError) -> [NIOSSLCertificate] {
    guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
      throw RollcallError(.setting, "\(path): can't be read, or holds no certificate in PEM")
    }
    return certificates
  }
}
