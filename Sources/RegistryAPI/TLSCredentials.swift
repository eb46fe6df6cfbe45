// The certificate with which the API proves who it is, and whom it believes.

import NIOSSL
import Synchronization

/// Can be exchanged while the server runs: a connection keeps what it began with.
package final class TLSCredentials: Sendable {
  /// A file in PEM as it was read.
  package struct File: Sendable {
    package let path: String
    package let octets: [UInt8]

    package init(path: String, octets: [UInt8]) {
      self.path = path
      self.octets = octets
    }
  }

  package struct Files: Sendable {
    /// The server's certificate first, then those between it and the root.
    package let certificate: File
    package let key: File
    /// Who signs clients' certificates; nil asks for none.
    package let clientCA: File?

    package init(certificate: File, key: File, clientCA: File?) {
      self.certificate = certificate
      self.key = key
      self.clientCA = clientCA
    }
  }

  private struct State {
    let context: NIOSSLContext
    let expiresAt: Int
  }

  private let state: Mutex<State>

  package init(_ files: Files) throws(TLSCredentialsError) {
    state = Mutex(try Self.read(files))
  }

  /// For new connections.
  ///
  /// - Throws: when the files are not right; nothing changes then.
  package func replace(with files: Files) throws(TLSCredentialsError) {
    let new = try Self.read(files)
    state.withLock { $0 = new }
  }

  var context: NIOSSLContext { state.withLock(\.context) }

  /// When the server's certificate expires, in seconds since 1970.
  package var expiresAt: Int { state.withLock(\.expiresAt) }

  private static func read(_ files: Files) throws(TLSCredentialsError) -> State {
    let chain = try certificates(files.certificate)
    guard let key = try? NIOSSLPrivateKey(bytes: files.key.octets, format: .pem) else {
      throw TLSCredentialsError(files.key.path, "holds no private key in PEM without a passphrase")
    }
    let sources = chain.map(NIOSSLCertificateSource.certificate)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: sources, privateKey: .privateKey(key))
    if let clientCA = files.clientCA {
      configuration = .makeServerConfigurationWithMTLS(
        certificateChain: sources, privateKey: .privateKey(key),
        trustRoots: .certificates(try certificates(clientCA)))
    }
    // RFC 9325 section 3.1.1.
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    guard let context = try? NIOSSLContext(configuration: configuration) else {
      throw TLSCredentialsError(
        files.key.path,
        "is not the key of the first certificate in \(files.certificate.path)")
    }
    return State(context: context, expiresAt: Int(chain[0].notValidAfter))
  }

  /// - Returns: at least one.
  private static func certificates(_ file: File) throws(TLSCredentialsError)
    -> [NIOSSLCertificate]
  {
    guard let certificates = try? NIOSSLCertificate.fromPEMBytes(file.octets),
      !certificates.isEmpty
    else { throw TLSCredentialsError(file.path, "holds no certificate in PEM") }
    return certificates
  }
}

/// A certificate or key that can't be used.
package struct TLSCredentialsError: Error, Equatable, CustomStringConvertible {
  package let path: String
  package let reason: String

  init(_ path: String, _ reason: String) {
    self.path = path
    self.reason = reason
  }

  package var description: String { "\(path): \(reason)" }
}
