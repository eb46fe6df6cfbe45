// The calls of the HTTP API that clients make.

package import JSONText

/// A request, apart from the server that it goes to.
package struct APICall: Sendable {
  enum Method: String {
    case get = "GET"
    case put = "PUT"
    case post = "POST"
    case delete = "DELETE"
  }

  let method: Method
  /// The segments of the path, as they are.
  let path: [String]
  var query: [(name: String, value: String)] = []
  /// Of the header.
  var fields: [(name: String, value: String)] = []
  var body: JSON?

  /// Whether it may be carried out twice: all of them say how things are to be, but who deregisters
  /// twice is told that there is nothing to deregister.
  var isRepeatable: Bool { method != .delete }

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

  var path: [String] { ["v1", "services", service, "instances", id] }
}

extension APICall {
  /// Items of a page: the server looks at all services for each page of them, and an instance can
  /// say a hundred times as much as a service.
  private static let servicePage = 10_000
  private static let instancePage = 1_000

  /// - Parameter cursor: nil for the first page.
  package static func services(after cursor: String?) -> APICall {
    APICall(
      method: .get, path: ["v1", "services"],
      query: Self.query([("limit", "\(servicePage)"), ("cursor", cursor)]))
  }

  /// - Parameters:
  ///   - tag, status: what they must have; nil: any.
  ///   - cursor: nil for the first page.
  package static func instances(
    of service: String, tag: String?, status: String?, after cursor: String?
  ) -> APICall {
    APICall(
      method: .get, path: ["v1", "services", service, "instances"],
      query: Self.query([
        ("limit", "\(instancePage)"), ("tag", tag), ("status", status), ("cursor", cursor),
      ]))
  }

  private static func query(_ given: [(String, String?)]) -> [(name: String, value: String)] {
    given.compactMap { name, value in value.map { (name, $0) } }
  }

  package static func show(_ name: InstanceName) -> APICall {
    APICall(method: .get, path: name.path)
  }

  package static func register(_ name: InstanceName, _ registration: JSON) -> APICall {
    APICall(method: .put, path: name.path, body: registration)
  }

  /// What a service must be for a change of it (RFC 9110 section 13.1).
  package enum Condition: Sendable {
    case revision(Int)
    /// There is none yet.
    case absent

    fileprivate var field: (name: String, value: String) {
      switch self {
      case .revision(let revision): ("If-Match", "\"\(revision)\"")
      case .absent: ("If-None-Match", "*")
      }
    }
  }

  package static func service(_ name: String) -> APICall {
    APICall(method: .get, path: ["v1", "services", name])
  }

  package static func configure(
    _ service: String, _ settings: JSON, if condition: Condition
  ) -> APICall {
    APICall(
      method: .put, path: ["v1", "services", service], fields: [condition.field], body: settings)
  }

  /// - Parameters:
  ///   - type: nil: the server's choice.
  ///   - cursor: nil for the first page.
  package static func explain(
    _ name: String, type: String?, after cursor: String?
  ) -> APICall {
    APICall(
      method: .get, path: ["v1", "explain"],
      query: Self.query([
        ("name", name), ("type", type), ("limit", "\(instancePage)"), ("cursor", cursor),
      ]))
  }

  /// - Parameters:
  ///   - services: none: all.
  ///   - id: of the event that was seen last.
  static func events(of services: [String], after id: String?) -> APICall {
    let list = services.isEmpty ? nil : services.joined(separator: ",")
    return APICall(
      method: .get, path: ["v1", "events"], query: Self.query([("service", list)]),
      fields: id.map { [("Last-Event-ID", $0)] } ?? [])
  }

  /// - Parameter status: nil leaves it as it is.
  package static func renew(_ name: InstanceName, status: String? = nil) -> APICall {
    APICall(
      method: .post, path: name.path + ["renew"],
      body: status.map { .object([("status", .string($0))]) })
  }

  package static func drain(_ name: InstanceName) -> APICall {
    APICall(method: .post, path: name.path + ["drain"])
  }

  package static func deregister(_ name: InstanceName) -> APICall {
    APICall(method: .delete, path: name.path)
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
