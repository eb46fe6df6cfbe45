// The calls of the HTTP API that take or give what only the subcommands know.

package import JSONText
package import RollcallClient

extension ServerCall {
  /// Items of a page: the server looks at all services for each page of them, and an instance can
  /// say a hundred times as much as a service.
  private static let servicePage = 10_000
  private static let instancePage = 1_000

  /// - Parameter cursor: nil for the first page.
  package static func services(after cursor: String?) -> ServerCall {
    ServerCall(
      .get, ["v1", "services"],
      query: Self.query([("limit", "\(servicePage)"), ("cursor", cursor)]))
  }

  /// - Parameters:
  ///   - tag, status: what they must have; nil: any.
  ///   - cursor: nil for the first page.
  package static func instances(
    of service: String, tag: String?, status: String?, after cursor: String?
  ) -> ServerCall {
    .instances(
      of: service,
      Self.query([
        ("limit", "\(instancePage)"), ("tag", tag), ("status", status), ("cursor", cursor),
      ]))
  }

  private static func query(_ given: [(String, String?)]) -> [(name: String, value: String)] {
    given.compactMap { name, value in value.map { (name, $0) } }
  }

  package static func register(_ name: InstanceName, _ registration: JSON) -> ServerCall {
    .register(name, registration.encoded)
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

  package static func service(_ name: String) -> ServerCall {
    ServerCall(.get, ["v1", "services", name])
  }

  package static func configure(
    _ service: String, _ settings: JSON, if condition: Condition
  ) -> ServerCall {
    ServerCall(
      .put, ["v1", "services", service], fields: [condition.field], body: settings.encoded)
  }

  /// - Parameters:
  ///   - type: nil: the server's choice.
  ///   - cursor: nil for the first page.
  package static func explain(
    _ name: String, type: String?, after cursor: String?
  ) -> ServerCall {
    ServerCall(
      .get, ["v1", "explain"],
      query: Self.query([
        ("name", name), ("type", type), ("limit", "\(instancePage)"), ("cursor", cursor),
      ]))
  }
}
