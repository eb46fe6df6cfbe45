// A request's body as JSON.

import HTTPTypes
import Hummingbird
import JSONText
import NIOCore

extension Request {
  /// What `read` makes of the body, or nil if there is none.
  ///
  /// - Parameter limit: octets of the body at most.
  /// - Throws: ``Problem`` with 413, 415 or 400; other errors are the connection's.
  func json<Result>(
    upTo limit: Int = APILimits.bodyLength, _ read: (JSONValue) throws -> Result
  ) async throws -> Result? {
    // Said in advance, it need not arrive first.
    if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw Problem.bodyTooLong(limit: limit)
    }
    let octets: ByteBuffer
    do {
      octets = try await body.collect(upTo: limit)
    } catch is NIOTooManyBytesError {
      throw Problem.bodyTooLong(limit: limit)
    }
    guard octets.readableBytes > 0 else { return nil }
    guard isJSON else { throw Problem.notJSON }
    var parser = JSONParser()
    do {
      return try octets.withUnsafeReadableBytes { try parser.read($0, read) }
    } catch let error as JSONError {
      throw Problem.badJSON(error)
    } catch let fault as JSONFault {
      throw Problem(fault)
    }
  }

  /// Whether the body says that it is JSON, which no HTML form can say (so that a browser asks
  /// before it sends it elsewhere), and is not compressed.
  private var isJSON: Bool {
    let coding = headers[.contentEncoding]?.lowercased() ?? "identity"
    guard coding == "identity", let type = headers[.contentType] else { return false }
    // Nearly all say it so.
    if type == "application/json" { return true }
    return type.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
      == "application/json"
  }
}
