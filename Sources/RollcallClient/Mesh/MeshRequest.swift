// What is sent to an instance.

/// An HTTP request, apart from the instance that it goes to.
public struct MeshRequest: Sendable {
  /// Octets of a path with its query.
  public static let longestPath = 8_192

  /// For example `GET`; in capitals, as it is case-sensitive.
  public var method: String
  /// Begins with `/`; with the query, encoded as it is to be sent.
  public var path: String
  /// Fields of the header.
  public var headers: [(name: String, value: String)]
  /// The body; empty: none.
  public var body: [UInt8]
  /// Whether it may be carried out twice. By default what its method says: GET, HEAD, OPTIONS,
  /// TRACE, PUT and DELETE are idempotent (RFC 9110 section 9.2.2).
  public var isRepeatable: Bool

  /// Makes a request.
  ///
  /// - Parameter isRepeatable: nil: what the method says.
  public init(
    method: String = "GET", path: String = "/", headers: [(name: String, value: String)] = [],
    body: [UInt8] = [], isRepeatable: Bool? = nil
  ) {
    self.method = method
    self.path = path
    self.headers = headers
    self.body = body
    self.isRepeatable = isRepeatable ?? Self.idempotentMethods.contains(method)
  }

  private static let idempotentMethods: Set<String> = [
    "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE",
  ]

  func check() throws(MeshError) {
    try MeshError.check(
      !method.isEmpty && method.utf8.allSatisfy(Self.isTokenOctet),
      "the method '\(method)' must be one word, for example GET")
    try MeshError.check(
      path.hasPrefix("/") && path.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x23 },
      "the path must begin with / and hold only visible ASCII without #; encode the rest by %")
    try MeshError.check(
      path.utf8.count <= Self.longestPath, "the path is longer than \(Self.longestPath) octets")
    for header in headers {
      try MeshError.check(
        !header.name.isEmpty && header.name.utf8.allSatisfy(Self.isTokenOctet),
        "the field name '\(header.name)' must be one word")
      try MeshError.check(
        header.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 },
        "the value of the field \(header.name) holds a control character")
    }
  }

  /// RFC 9110 section 5.6.2.
  private static func isTokenOctet(_ octet: UInt8) -> Bool {
    switch octet {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "!#$%&'*+-.^_`|~".utf8.contains(octet)
    }
  }
}
