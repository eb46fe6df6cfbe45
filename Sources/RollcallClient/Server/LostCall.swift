// Why no reply came.

import AsyncHTTPClient
import Glibc
import NIOCore
import NIOPosix
import NIOSSL

extension RollcallError {
  /// - Parameter error: what the HTTP library says.
  package init(_ error: any Error, from access: ServerAccess) {
    let url = access.url
    switch error {
    case let error as NIOConnectionError:
      self = Self.unconnected(url, Self.reason(error))
    case let error as IOError:
      self = Self.lost(url, error)
    case is ChannelError:
      self = Self.unconnected(url, "no connection came about")
    case NIOSSLError.handshakeFailed(.sslError(let reasons))
    where reasons.contains(.eofDuringHandshake):
      self = Self.unconnected(
        url,
        "the connection was closed in the TLS handshake"
          + " (a server that speaks no TLS is written with http://)")
    case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
      self = RollcallError(
        .untrusted, "\(url) can't be reached by TLS: \(Self.tlsReason("\(error)"))")
    case let error as HTTPClientError:
      self = Self.lost(access, error)
    default:
      self = Self.lost(url, "the call failed: \(error)")
    }
  }

  /// BoringSSL names the reason after a mark and before the place in its own source.
  private static func tlsReason(_ text: String) -> String {
    guard let mark = text.firstRange(of: "OPENSSL_internal:") else { return text }
    let reason = text[mark.upperBound...].prefix { $0.isUppercase || $0.isNumber || $0 == "_" }
    return reason.lowercased().replacing("_", with: " ")
  }

  private static func lost(_ access: ServerAccess, _ error: HTTPClientError) -> RollcallError {
    let url = access.url
    switch error {
    case .connectTimeout: return unconnected(url, "no connection came about in time")
    case .tlsHandshakeTimeout: return unconnected(url, "no TLS handshake came about in time")
    case .deadlineExceeded:
      return lost(url, "no reply came within \(Int(access.timeout / .seconds(1))) s")
    case .remoteConnectionClosed:
      let hint = url.isTLS ? "" : " (a server that speaks TLS is written with https://)"
      return lost(url, "the connection was closed before the reply\(hint)")
    default: return lost(url, error.shortDescription)
    }
  }

  private static func lost(_ url: ServerURL, _ error: IOError) -> RollcallError {
    let reason = String(cString: strerror(error.errnoCode))
    return error.errnoCode == ECONNREFUSED ? unconnected(url, reason) : lost(url, reason)
  }

  private static func lost(_ url: ServerURL, _ reason: String) -> RollcallError {
    RollcallError(.unreachable, "\(url): \(reason)", isOutcomeOpen: true)
  }

  private static func unconnected(_ url: ServerURL, _ reason: String) -> RollcallError {
    RollcallError(.unreachable, "no server answers at \(url): \(reason)")
  }

  private static func reason(_ error: NIOConnectionError) -> String {
    guard let failure = error.connectionErrors.first?.error else {
      return "the host \(error.host) is not known"
    }
    return (failure as? IOError).map { String(cString: strerror($0.errnoCode)) }
      ?? "no connection came about in time"
  }
}
