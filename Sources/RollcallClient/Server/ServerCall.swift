// A call of the HTTP API, apart from the server that it goes to.

/// A request: what is wanted of which resource.
package struct ServerCall: Sendable {
  package enum Method: String, Sendable {
    case get = "GET"
    case put = "PUT"
    case post = "POST"
    case delete = "DELETE"
  }

  let method: Method
  /// The segments of the path, as they are.
  let path: [String]
  let query: [(name: String, value: String)]
  /// Of the header.
  let fields: [(name: String, value: String)]
  /// JSON.
  let body: [UInt8]?
  /// Whether it may be carried out twice: all of them say how things are to be, but who deregisters
  /// twice is told that there is nothing to deregister.
  let isRepeatable: Bool

  package init(
    _ method: Method, _ path: [String], query: [(name: String, value: String)] = [],
    fields: [(name: String, value: String)] = [], body: [UInt8]? = nil, isRepeatable: Bool = true
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.fields = fields
    self.body = body
    self.isRepeatable = isRepeatable
  }

  /// The request's target, after the host.
  var target: String {
    let path = path.map { "/" + $0.percentEncoded }.joined()
    guard !query.isEmpty else { return path }
    return path + "?" + query.map { "\($0.name)=\($0.value.percentEncoded)" }.joined(separator: "&")
  }
}

/// Which instance a call is about, its names unchecked: the server says what is wrong with them.
package struct InstanceName: Sendable {
  package let service: String
  package let id: String

  package init(service: String, id: String) {
    self.service = service
    self.id = id
  }

  package var path: [String] { ["v1", "services", service, "instances", id] }
}

extension ServerCall {
  /// - Parameter body: the registration as JSON.
  package static func register(_ name: InstanceName, _ body: [UInt8]) -> ServerCall {
    ServerCall(.put, name.path, body: body)
  }

  /// - Parameter status: nil leaves it as it is.
  package static func renew(_ name: InstanceName, status: String? = nil) -> ServerCall {
    // No status has a character that JSON would escape.
    ServerCall(
      .post, name.path + ["renew"], body: status.map { Array(#"{"status":"\#($0)"}"#.utf8) })
  }

  package static func show(_ name: InstanceName) -> ServerCall {
    ServerCall(.get, name.path)
  }

  package static func drain(_ name: InstanceName) -> ServerCall {
    ServerCall(.post, name.path + ["drain"])
  }

  /// - Parameter isRepeatable: whether who calls takes it for done when there is nothing to
  ///   deregister (404).
  package static func deregister(_ name: InstanceName, isRepeatable: Bool = false) -> ServerCall {
    ServerCall(.delete, name.path, isRepeatable: isRepeatable)
  }

  /// - Parameter query: what the list is to hold, and how much of it.
  package static func instances(
    of service: String, _ query: [(name: String, value: String)]
  ) -> ServerCall {
    ServerCall(.get, ["v1", "services", service, "instances"], query: query)
  }

  /// - Parameters:
  ///   - services: none: all.
  ///   - id: of the event that was seen last.
  package static func events(of services: [String], after id: String?) -> ServerCall {
    ServerCall(
      .get, ["v1", "events"],
      query: services.isEmpty ? [] : [("service", services.joined(separator: ","))],
      fields: id.map { [("Last-Event-ID", $0)] } ?? [])
  }
}

extension String {
  /// With `%41` for what has a meaning in a target, or none (RFC 3986 section 2.3).
  fileprivate var percentEncoded: String {
    var text = ""
    for octet in utf8 {
      let character = Character(Unicode.Scalar(octet))
      if character.isASCII, character.isLetter || character.isNumber || "-._~".contains(character) {
        text.append(character)
      } else {
        text += "%" + (octet < 16 ? "0" : "") + String(octet, radix: 16, uppercase: true)
      }
    }
    return text
  }
}
