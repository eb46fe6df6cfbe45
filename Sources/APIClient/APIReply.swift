// What a server replied.

import AsyncHTTPClient
import JSONText
import NIOCore
import NIOHTTP1

struct APIReply {
  let status: Int
  /// In seconds.
  let retryAfter: Int?
  let body: ByteBuffer

  /// - Parameter limit: octets of the body at most.
  init(_ response: HTTPClientResponse, limit: Int) async throws {
    status = Int(response.status.code)
    retryAfter = response.headers.first(name: "Retry-After").flatMap { Int($0) }
    body = try await response.body.collect(upTo: limit)
  }

  /// - Returns: the body; null if there is none.
  /// - Throws: what the server refused and why.
  func result(from access: ServerAccess) throws(APIError) -> JSON {
    guard (200..<300).contains(status) else { throw refusal(access) }
    guard body.readableBytes > 0 else { return .null }
    do throws(JSONError) {
      return try JSON(text: Array(body.readableBytesView))
    } catch {
      throw APIError(
        .unreadable, "\(access.url) does not reply as a Rollcall server: \(error.reason)")
    }
  }

  /// What a problem says (RFC 9457); without one, the status alone.
  private func refusal(_ access: ServerAccess) -> APIError {
    let problem = try? JSON(text: Array(body.readableBytesView))
    let detail = problem?["detail"]?.string?.printable
    let shown = detail ?? "\(access.url) replied with status \(status)"
    switch status {
    case 401:
      return APIError(
        .unauthenticated,
        access.token == nil
          ? "\(access.url) wants a token" : "\(access.url) does not know this token")
    case 403: return APIError(.forbidden, shown)
    case 404 where detail != nil: return APIError(.notFound, shown)
    case 412: return APIError(.outdated, shown)
    case 503:
      return APIError(
        .unavailable, shown, retryAfter: retryAfter.map { .seconds($0) }, isOutcomeOpen: false)
    default:
      return APIError(detail == nil ? .unreadable : .refused, shown)
    }
  }
}

extension String {
  /// Nothing that could end a line or steer a terminal.
  fileprivate var printable: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.filter { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator: false
          default: true
          }
        }))
  }
}
