// What an instance replied.

/// An HTTP response, whatever its status, with the instance that gave it.
public struct MeshResponse: Sendable {
  /// For example 200.
  public let status: Int
  /// Fields of the header, as they came.
  public let headers: [(name: String, value: String)]
  /// The whole body.
  public let body: [UInt8]
  /// The instance that replied.
  public let endpoint: Endpoint
  /// How many tries the call took.
  public internal(set) var tries = 1

  /// The value of the first field of this name, in any case.
  public func header(_ name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name.lowercased() == wanted }?.value
  }

  /// The body as text; what is no UTF-8 is replaced.
  public var text: String { String(decoding: body, as: UTF8.self) }

  /// Whether another instance may do better (RFC 9110 section 15.6.3 to 15.6.5).
  var isUnavailable: Bool { (502...504).contains(status) }

  /// How long the instance wants to be left alone (RFC 9110 section 10.2.3); a date is not read.
  var retryAfter: Duration? {
    guard let text = header("Retry-After"), let seconds = UInt32(text) else { return nil }
    return .seconds(seconds)
  }
}
