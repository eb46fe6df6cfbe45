// A request's body as JSON.

import HTTPTypes
import Hummingbird
import NIOCore

extension Request {
  /// The body, or nil if there is none.
  ///
  /// - Throws: ``Problem`` with 413, 415 or 400; other errors are the connection's.
  func json() async throws -> JSON? {
    let octets: ByteBuffer
    do {
      octets = try await body.collect(upTo: APILimits.bodyLength)
    } catch is NIOTooManyBytesError {
      throw Problem.bodyTooLong
    }
    guard octets.readableBytes > 0 else { return nil }
    guard isJSON else { throw Problem.notJSON }
    do {
      return try JSON(parsing: Array(octets.readableBytesView))
    } catch {
      throw Problem.badJSON(error)
    }
  }

  /// Whether the body says that it is JSON, which no HTML form can say (so that a browser asks
  /// before it sends it elsewhere), and is not compressed.
  private var isJSON: Bool {
    let type = headers[.contentType]?.prefix { $0 != ";" } ?? ""
    let coding = headers[.contentEncoding] ?? "identity"
    return type.lowercased().filter { $0 != " " && $0 != "\t" } == "application/json"
      && coding.lowercased() == "identity"
  }
}
