// An error as the client is told of it (RFC 9457).

import HTTPTypes
import Hummingbird
import JSONText
import NIOCore
import ServiceRegistry

struct Problem: Error {
  var status: HTTPResponse.Status
  /// The last part of the `type` URI; it never changes its meaning.
  var kind: String
  /// The same for every problem of this type.
  var title: String
  /// What is wrong this time, and how to mend it.
  var detail: String
  /// The field of the body, parameter of the query or part of the path that is at fault.
  var field: String?
  /// The limit that was passed.
  var limit: Int?
  /// Whether a change that failed may be stored all the same.
  var outcome: String?
  var headers: HTTPFields = [:]
  /// What this type of problem tells besides (RFC 9457 section 3.2).
  var members: [(String, JSON)] = []

  /// The problem as a JSON object.
  var json: JSON {
    var members: [(String, JSON)] = [
      ("type", .string("urn:rollcall:problem:\(kind)")), ("title", .string(title)),
      ("status", .integer(status.code)), ("detail", .string(detail)),
    ]
    if let field { members.append(("field", .string(field))) }
    if let limit { members.append(("limit", .integer(limit))) }
    if let outcome { members.append(("outcome", .string(outcome))) }
    members += self.members
    return .object(members)
  }

  var response: Response {
    var response = Response.json(json, status: status)
    for header in headers { response.headers[header.name] = header.value }
    response.headers[.contentType] = "application/problem+json"
    return response
  }
}

extension Response {
  static func json(_ json: JSON, status: HTTPResponse.Status = .ok) -> Response {
    .json(status: status) { $0.append(json) }
  }

  /// A reply whose body is what `write` writes.
  static func json(
    status: HTTPResponse.Status = .ok, _ write: (inout JSONWriter) -> Void
  ) -> Response {
    var body = JSONWriter()
    body.reserveCapacity(usualLength)
    write(&body)
    // A terminal shows the reply on a line of its own.
    body.append(verbatim: "\n")
    return Response(
      status: status, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body.octets)))
  }

  /// Octets of a reply that shows an instance, about.
  private static let usualLength = 768
}

// MARK: What can be wrong with a request

extension Problem {
  static func badField(_ field: String, _ fault: String, limit: Int? = nil) -> Problem {
    Problem(
      status: .badRequest, kind: "bad-field", title: "A field is not as it must be",
      detail: "\(field): \(fault)", field: field, limit: limit)
  }

  static func badJSON(_ error: JSONError) -> Problem {
    Problem(
      status: .badRequest, kind: "bad-json", title: "The body is not readable as JSON",
      detail: error.reason)
  }

  /// What is wrong with a body as a whole has no field.
  init(_ fault: JSONFault) {
    self =
      fault.path.isEmpty
      ? .notAnObject : .badField(fault.path, fault.fault, limit: fault.limit)
  }

  static let notAnObject = Problem(
    status: .badRequest, kind: "bad-json", title: "The body is not readable as JSON",
    detail: "the body must be a JSON object")

  static let emptyBody = Problem(
    status: .badRequest, kind: "bad-json", title: "The body is not readable as JSON",
    detail: "the body is empty; a JSON object is expected")

  static func bodyTooLong(limit: Int) -> Problem {
    Problem(
      status: .contentTooLarge, kind: "body-too-long", title: "The body is too long",
      detail: "a body may have \(limit) octets", limit: limit)
  }

  static let notJSON = Problem(
    status: .unsupportedMediaType, kind: "not-json", title: "The body is not said to be JSON",
    detail: "send the body with 'Content-Type: application/json' and without Content-Encoding")

  static let badPath = Problem(
    status: .badRequest, kind: "bad-path", title: "The request's target is malformed",
    detail: "a percent sign must be followed by two hexadecimal digits, the result be UTF-8")

  static func unknownPath(_ path: String) -> Problem {
    Problem(
      status: .notFound, kind: "unknown-path", title: "There is nothing at this path",
      detail: "there is nothing at \(path)")
  }

  static func wrongMethod(_ method: String, allowed: [String]) -> Problem {
    let allowed = allowed.joined(separator: ", ")
    return Problem(
      status: .methodNotAllowed, kind: "wrong-method", title: "The path does not take this method",
      detail: "\(method) is not possible here; possible: \(allowed)", headers: [.allow: allowed])
  }

  static let badHost = Problem(
    status: .badRequest, kind: "bad-host", title: "The Host field is missing or malformed",
    detail: "one Host field is needed, such as 'localhost:8053'", field: "Host")

  static func otherHost(_ host: String) -> Problem {
    Problem(
      status: .misdirectedRequest, kind: "other-host",
      title: "The request is addressed to another host",
      detail: "'\(host)' is neither this listener's address nor 'localhost' nor an allowed host",
      field: "Host")
  }

  static func otherOrigin(_ origin: String) -> Problem {
    Problem(
      status: .forbidden, kind: "other-origin", title: "The request comes from another site",
      detail: "the origin '\(origin)' is not this server", field: "Origin")
  }

  static func storeFails(_ reason: String) -> Problem {
    Problem(
      status: .serviceUnavailable, kind: "store-failing", title: "Changes can't be stored",
      detail: "DNS queries are answered, changes are refused: \(reason)")
  }

  static let notReady = Problem(
    status: .serviceUnavailable, kind: "not-ready", title: "The server is not ready yet",
    detail: "the server is starting")
}
