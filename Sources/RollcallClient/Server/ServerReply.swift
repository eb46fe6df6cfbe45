// What a server replied.

import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1

struct ServerReply {
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

  /// - Returns: the body.
  /// - Throws: what the server refused and why.
  func result(from access: ServerAccess) throws(RollcallError) -> ByteBuffer {
    guard (200..<300).contains(status) else { throw refusal(access) }
    return body
  }

  /// What is read of a problem (RFC 9457 section 3.1).
  private struct Problem: Decodable {
    let detail: String?
  }

  /// What a problem says; without one, the status alone.
  private func refusal(_ access: ServerAccess) -> RollcallError {
    let problem = try? JSONDecoder().decode(Problem.self, from: Data(body.readableBytesView))
    let detail = problem?.detail?.printable
    let shown = detail ?? "\(access.url) replied with status \(status)"
    switch status {
    case 401:
      return RollcallError(
        .unauthenticated,
        access.token == nil
          ? "\(access.url) wants a token" : "\(access.url) does not know this token")
    case 403: return RollcallError(.forbidden, shown)
    case 404 where detail != nil: return RollcallError(.notFound, shown)
    case 412: return RollcallError(.outdated, shown)
    case 429, 500, 502, 503, 504:
      // With 429 and 503 a server says that it has not begun; of the others nobody knows.
      return RollcallError(
        .unavailable, shown, retryAfter: retryAfter.map { .seconds($0) },
        isOutcomeOpen: status != 429 && status != 503)
    default:
      return RollcallError(detail == nil ? .unreadable : .refused, shown)
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
