// What a request's path and method ask for.

import HTTPTypes
import Hummingbird

/// The resource that a path names, its names still unchecked.
enum Route: Equatable {
  case page(PageFile)
  case health
  case readiness
  case metrics
  case contract
  case services
  case service(String)
  case instances(String)
  case instance(String, String)
  case renewal(String, String)
  case drain(String, String)
  case zones
  case zone(String)
  case zoneReload
  case explanation
  case targets
  case bulkRegistration
  case bulkRenewal
  case events

  /// - Throws: 404 for any other path, trailing and doubled slashes included.
  init(path: String) throws(Problem) {
    if let file = PageFile(rawValue: path) {
      self = .page(file)
      return
    }
    var segments: [String] = []
    let slash = UInt8(ascii: "/")
    for segment in path.utf8.split(separator: slash, omittingEmptySubsequences: false).dropFirst() {
      guard let segment = String(percentEncoded: Substring(segment)) else { throw .badPath }
      segments.append(segment)
    }
    guard path.utf8.first == slash, segments.allSatisfy({ !$0.isEmpty }) else {
      throw .unknownPath(path)
    }
    switch (segments[0], segments.dropFirst().first, segments.count) {
    case ("v1", "services", 2): self = .services
    case ("v1", "services", 3): self = .service(segments[2])
    case ("v1", "services", 4) where segments[3] == "instances": self = .instances(segments[2])
    case ("v1", "services", 5) where segments[3] == "instances":
      self = .instance(segments[2], segments[4])
    case ("v1", "services", 6) where segments[3] == "instances" && segments[5] == "renew":
      self = .renewal(segments[2], segments[4])
    case ("v1", "services", 6) where segments[3] == "instances" && segments[5] == "drain":
      self = .drain(segments[2], segments[4])
    case ("v1", "instances", 2): self = .bulkRegistration
    case ("v1", "renewals", 2): self = .bulkRenewal
    case ("v1", "events", 2): self = .events
    case ("v1", "zones", 2): self = .zones
    // A zone of that name can be asked for with a final dot.
    case ("v1", "zones", 3) where segments[2] == "reload": self = .zoneReload
    case ("v1", "zones", 3): self = .zone(segments[2])
    case ("v1", "explain", 2): self = .explanation
    case ("v1", "prometheus", 3) where segments[2] == "targets": self = .targets
    case ("healthz", nil, _): self = .health
    case ("readyz", nil, _): self = .readiness
    case ("metrics", nil, _): self = .metrics
    case ("openapi.yaml", nil, _): self = .contract
    default: throw .unknownPath(path)
    }
  }

  /// The methods that the route takes; with GET comes HEAD.
  var methods: [HTTPRequest.Method] {
    switch self {
    case .page, .health, .readiness, .metrics, .contract, .services, .explanation, .events,
      .zones, .zone, .targets:
      [.get]
    case .service: [.get, .put, .delete]
    case .instances: [.get, .post]
    case .instance: [.get, .put, .delete]
    case .renewal, .drain, .zoneReload, .bulkRegistration, .bulkRenewal: [.post]
    }
  }

  /// What a caller must be allowed. Each route says so here before it can be called at all.
  func need(_ method: HTTPRequest.Method) -> AccessNeed {
    switch self {
    // The page and the contract hold nothing of the registry; what the page shows it asks for, as
    // its user.
    case .page, .health, .readiness, .contract: .nothing
    case .metrics, .zones, .zone, .targets: .readAll
    case .services, .explanation, .events: .readSome
    case .service(let service): method == .get ? .readService(service) : .write(service)
    case .instances(let service): method == .get ? .readService(service) : .write(service)
    case .instance(let service, let id):
      method == .get ? .readInstance(service, id: id) : .write(service)
    case .renewal(let service, _), .drain(let service, _): .write(service)
    case .bulkRegistration, .bulkRenewal: .writeSome
    case .zoneReload: .administer
    }
  }

  /// The path with `{service}` for a service's name and so on: one of few, whatever is asked for.
  var template: String {
    switch self {
    case .page(let file): file.rawValue
    case .health: "/healthz"
    case .readiness: "/readyz"
    case .metrics: "/metrics"
    case .contract: "/openapi.yaml"
    case .services: "/v1/services"
    case .service: "/v1/services/{service}"
    case .instances: "/v1/services/{service}/instances"
    case .instance: "/v1/services/{service}/instances/{id}"
    case .renewal: "/v1/services/{service}/instances/{id}/renew"
    case .drain: "/v1/services/{service}/instances/{id}/drain"
    case .zones: "/v1/zones"
    case .zone: "/v1/zones/{zone}"
    case .zoneReload: "/v1/zones/reload"
    case .explanation: "/v1/explain"
    case .targets: "/v1/prometheus/targets"
    case .bulkRegistration: "/v1/instances"
    case .bulkRenewal: "/v1/renewals"
    case .events: "/v1/events"
    }
  }

  /// Whether a call with this query is answered when something happens, and not as soon as it can
  /// be.
  func waits(_ query: RequestQuery) -> Bool {
    switch self {
    case .instances: query["after"] != nil
    case .drain: query["wait"] == "true"
    default: false
    }
  }

  /// The parameters that the route's query may have.
  var parameters: [String] {
    switch self {
    case .services: ["limit", "cursor", "search"]
    case .explanation: ["name", "type", "limit", "cursor"]
    case .targets: ["service", "tag", "port"]
    case .instances: ["limit", "cursor", "search", "tag", "status", "after", "wait"]
    case .events: ["service"]
    case .drain: ["wait"]
    case .page, .health, .readiness, .metrics, .contract, .service, .instance, .renewal, .zones,
      .zone, .zoneReload, .bulkRegistration, .bulkRenewal:
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
    guard text.utf8.contains(UInt8(ascii: "%")) else {
      self.init(text)
      return
    }
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
