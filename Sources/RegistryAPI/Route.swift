// What a request's path and method ask for.

import HTTPTypes
import Hummingbird

/// The resource that a path names, its names still unchecked.
enum Route: Equatable {
  case health
  case readiness
  case services
  case service(String)
  case instances(String)
  case instance(String, String)
  case renewal(String, String)
  case zoneReload
  case bulkRegistration
  case bulkRenewal

  /// - Throws: 404 for any other path, trailing and doubled slashes included.
  init(path: String) throws(Problem) {
    var segments: [String] = []
    for segment in path.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      guard let segment = String(percentEncoded: segment) else { throw .badPath }
      segments.append(segment)
    }
    guard path.hasPrefix("/"), segments.allSatisfy({ !$0.isEmpty }) else {
      throw .unknownPath(path)
    }
    switch segments {
    case ["v1", "zones", "reload"]: self = .zoneReload
    case ["v1", "instances"]: self = .bulkRegistration
    case ["v1", "renewals"]: self = .bulkRenewal
    default: try self.init(segments, of: path)
    }
  }

  private init(_ segments: [String], of path: String) throws(Problem) {
    let isVersioned = segments.prefix(2) == ["v1", "services"]
    switch (segments.count, isVersioned) {
    case (1, _) where segments[0] == "healthz": self = .health
    case (1, _) where segments[0] == "readyz": self = .readiness
    case (2, true): self = .services
    case (3, true): self = .service(segments[2])
    case (4, true) where segments[3] == "instances": self = .instances(segments[2])
    case (5, true) where segments[3] == "instances":
      self = .instance(segments[2], segments[4])
    case (6, true) where segments[3] == "instances" && segments[5] == "renew":
      self = .renewal(segments[2], segments[4])
    default: throw .unknownPath(path)
    }
  }

  private var methods: [HTTPRequest.Method] {
    switch self {
    case .health, .readiness, .services, .service, .instances: [.get]
    case .instance: [.get, .put, .delete]
    case .renewal, .zoneReload, .bulkRegistration, .bulkRenewal: [.post]
    }
  }

  /// The parameters that the route's query may have.
  var parameters: [String] {
    switch self {
    case .services: ["limit", "cursor"]
    case .instances: ["limit", "cursor", "tag", "status"]
    case .health, .readiness, .service, .instance, .renewal, .zoneReload, .bulkRegistration,
      .bulkRenewal:
      []
    }
  }

  /// The request's method; HEAD is GET whose reply's body is left out later (RFC 9110 section
  /// 9.3.2).
  ///
  /// - Throws: 405 for a method that the route does not have.
  func method(of request: Request) throws(Problem) -> HTTPRequest.Method {
    let method = request.method == .head ? .get : request.method
    guard methods.contains(method) else {
      let allowed = methods + (methods.contains(.get) ? [.head] : [])
      throw .wrongMethod(request.method.rawValue, allowed: allowed.map(\.rawValue))
    }
    return method
  }
}

extension String {
  /// Decodes `%41` to `A` (RFC 3986 section 2.1).
  ///
  /// - Returns: nil where a `%` is not followed by two hexadecimal digits, or for other octets than
  ///   UTF-8's.
  init?(percentEncoded text: some StringProtocol) {
    var octets: [UInt8] = []
    var rest = Substring(text).utf8
    while let octet = rest.popFirst() {
      guard octet == UInt8(ascii: "%") else {
        octets.append(octet)
        continue
      }
      let digits = rest.prefix(2).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
      guard digits.count == 2 else { return nil }
      octets.append(UInt8(digits[0] << 4 | digits[1]))
      rest.removeFirst(2)
    }
    self.init(validating: octets, as: UTF8.self)
  }
}
